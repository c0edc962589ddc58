DROP TABLE deletion_orders;
DROP TABLE deletion_certificates;
DROP TABLE deletion_covered;
DROP TABLE key_commitments;
