DROP TABLE address_refusals;
