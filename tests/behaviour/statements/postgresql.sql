-- address_refusals::delete_older
DELETE FROM "address_refusals" WHERE ("address_refusals"."id" = ANY(?))

-- address_refusals::delete_older
SELECT "address_refusals"."id" FROM "address_refusals" WHERE ("address_refusals"."refused_at" <= ?) ORDER BY "address_refusals"."refused_at" LIMIT ?

-- address_refusals::insert
INSERT INTO "address_refusals" ("id", "partnership_id", "practitioner_id", "agency_id", "operation", "chronology_id", "owner_id", "owner_agency_id", "refused_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- address_refusals::list_times_for_practitioner
SELECT "address_refusals"."refused_at" FROM "address_refusals" WHERE (("address_refusals"."practitioner_id" = ?) AND ("address_refusals"."refused_at" > ?)) ORDER BY "address_refusals"."refused_at" DESC LIMIT ?

-- address_refusals::page
SELECT "address_refusals"."id", "address_refusals"."partnership_id", "address_refusals"."practitioner_id", "address_refusals"."agency_id", "address_refusals"."operation", "address_refusals"."chronology_id", "address_refusals"."owner_id", "address_refusals"."owner_agency_id", "address_refusals"."refused_at" FROM "address_refusals" WHERE ("address_refusals"."partnership_id" = ?) ORDER BY "address_refusals"."refused_at" DESC, "address_refusals"."id" DESC LIMIT ?

-- address_refusals::page
SELECT "address_refusals"."id", "address_refusals"."partnership_id", "address_refusals"."practitioner_id", "address_refusals"."agency_id", "address_refusals"."operation", "address_refusals"."chronology_id", "address_refusals"."owner_id", "address_refusals"."owner_agency_id", "address_refusals"."refused_at" FROM "address_refusals" WHERE (("address_refusals"."partnership_id" = ?) AND ("address_refusals"."owner_agency_id" = ?)) ORDER BY "address_refusals"."refused_at" DESC, "address_refusals"."id" DESC LIMIT ?

-- address_refusals::page
SELECT "address_refusals"."id", "address_refusals"."partnership_id", "address_refusals"."practitioner_id", "address_refusals"."agency_id", "address_refusals"."operation", "address_refusals"."chronology_id", "address_refusals"."owner_id", "address_refusals"."owner_agency_id", "address_refusals"."refused_at" FROM "address_refusals" WHERE (("address_refusals"."partnership_id" = ?) AND ("address_refusals"."owner_id" = ?)) ORDER BY "address_refusals"."refused_at" DESC, "address_refusals"."id" DESC LIMIT ?

-- address_refusals::page
SELECT "address_refusals"."id", "address_refusals"."partnership_id", "address_refusals"."practitioner_id", "address_refusals"."agency_id", "address_refusals"."operation", "address_refusals"."chronology_id", "address_refusals"."owner_id", "address_refusals"."owner_agency_id", "address_refusals"."refused_at" FROM "address_refusals" WHERE ((("address_refusals"."partnership_id" = ?) AND ("address_refusals"."refused_at" <= ?)) AND (("address_refusals"."refused_at" < ?) OR ("address_refusals"."id" < ?))) ORDER BY "address_refusals"."refused_at" DESC, "address_refusals"."id" DESC LIMIT ?

-- agencies::find
SELECT "agencies"."id", "agencies"."partnership_id", "agencies"."code", "agencies"."name", "agencies"."kind", "agencies"."has_access", "agencies"."active", "agencies"."version", "agencies"."created_at", "agencies"."updated_at" FROM "agencies" WHERE (("agencies"."partnership_id" = ?) AND ("agencies"."id" = ?))

-- agencies::find_by_code
SELECT "agencies"."id", "agencies"."partnership_id", "agencies"."code", "agencies"."name", "agencies"."kind", "agencies"."has_access", "agencies"."active", "agencies"."version", "agencies"."created_at", "agencies"."updated_at" FROM "agencies" WHERE (("agencies"."partnership_id" = ?) AND ("agencies"."code" = ?))

-- agencies::find_many
SELECT "agencies"."id", "agencies"."partnership_id", "agencies"."code", "agencies"."name", "agencies"."kind", "agencies"."has_access", "agencies"."active", "agencies"."version", "agencies"."created_at", "agencies"."updated_at" FROM "agencies" WHERE (("agencies"."partnership_id" = ?) AND ("agencies"."id" = ANY(?))) ORDER BY "agencies"."id"

-- agencies::insert
INSERT INTO "agencies" ("id", "partnership_id", "code", "name", "kind", "has_access", "active", "version", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- agencies::page
SELECT "agencies"."id", "agencies"."partnership_id", "agencies"."code", "agencies"."name", "agencies"."kind", "agencies"."has_access", "agencies"."active", "agencies"."version", "agencies"."created_at", "agencies"."updated_at" FROM "agencies" WHERE ("agencies"."partnership_id" = ?) ORDER BY "agencies"."created_at", "agencies"."id" LIMIT ?

-- agencies::page
SELECT "agencies"."id", "agencies"."partnership_id", "agencies"."code", "agencies"."name", "agencies"."kind", "agencies"."has_access", "agencies"."active", "agencies"."version", "agencies"."created_at", "agencies"."updated_at" FROM "agencies" WHERE ((("agencies"."partnership_id" = ?) AND ("agencies"."created_at" >= ?)) AND (("agencies"."created_at" > ?) OR ("agencies"."id" > ?))) ORDER BY "agencies"."created_at", "agencies"."id" LIMIT ?

-- agencies::update
UPDATE "agencies" SET "code" = ?, "name" = ?, "kind" = ?, "has_access" = ?, "active" = ?, "version" = ?, "updated_at" = ? WHERE ((("agencies"."partnership_id" = ?) AND ("agencies"."id" = ?)) AND ("agencies"."version" = ?))

-- audit::fill_gap
INSERT INTO "audit_records" ("id", "partnership_id", "run_id", "number", "at", "operation", "outcome", "period", "payload_hash", "practitioner_token", "agency_token", "object_token", "chronology_token", "sealed") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- audit::find
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE (("audit_records"."partnership_id" = ?) AND ("audit_records"."id" = ?))

-- audit::insert
INSERT INTO "audit_records" ("id", "partnership_id", "run_id", "number", "at", "operation", "outcome", "period", "payload_hash", "practitioner_token", "agency_token", "object_token", "chronology_token", "sealed") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- audit::latest_readers
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE (((((("audit_records"."partnership_id" = ?) IS TRUE AND ("audit_records"."chronology_token" = ANY(?))) AND ("audit_records"."practitioner_token" IS NOT NULL)) AND ("audit_records"."outcome" = ANY(?))) AND ("audit_records"."operation" = ANY(?))) AND ("audit_records"."at" = ANY(?))) ORDER BY "audit_records"."at" DESC, "audit_records"."id" DESC

-- audit::latest_readers
SELECT "audit_records"."practitioner_token", max("audit_records"."at") FROM "audit_records" WHERE ((((("audit_records"."partnership_id" = ?) IS TRUE AND ("audit_records"."chronology_token" = ANY(?))) AND ("audit_records"."practitioner_token" IS NOT NULL)) AND ("audit_records"."outcome" = ANY(?))) AND ("audit_records"."operation" = ANY(?))) GROUP BY "audit_records"."practitioner_token" ORDER BY max("audit_records"."at") DESC, "audit_records"."practitioner_token" LIMIT ?

-- audit::page
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE ("audit_records"."partnership_id" = ?) ORDER BY "audit_records"."at", "audit_records"."id" LIMIT ?

-- audit::page
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE (("audit_records"."partnership_id" = ?) AND ("audit_records"."at" < ?)) ORDER BY "audit_records"."at", "audit_records"."id" LIMIT ?

-- audit::page
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE (("audit_records"."partnership_id" = ?) AND ("audit_records"."at" >= ?)) ORDER BY "audit_records"."at", "audit_records"."id" LIMIT ?

-- audit::page
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE (("audit_records"."partnership_id" = ?) AND ("audit_records"."operation" = ?)) ORDER BY "audit_records"."at", "audit_records"."id" LIMIT ?

-- audit::page
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE (("audit_records"."partnership_id" = ?) IS TRUE AND ("audit_records"."chronology_token" = ANY(?))) ORDER BY "audit_records"."at", "audit_records"."id" LIMIT ?

-- audit::page
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE ((("audit_records"."partnership_id" = ?) AND ("audit_records"."at" >= ?)) AND (("audit_records"."at" > ?) OR ("audit_records"."id" > ?))) ORDER BY "audit_records"."at", "audit_records"."id" LIMIT ?

-- audit::page
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE ((("audit_records"."partnership_id" = ?) IS TRUE AND ("audit_records"."chronology_token" = ANY(?))) AND ("audit_records"."operation" = ?)) ORDER BY "audit_records"."at", "audit_records"."id" LIMIT ?

-- audit::page
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE ((("audit_records"."partnership_id" = ?) IS TRUE AND ("audit_records"."practitioner_token" = ANY(?))) AND ("audit_records"."operation" = ?)) ORDER BY "audit_records"."at", "audit_records"."id" LIMIT ?

-- audit_tree::advance_run
SELECT "audit_runs"."next_number" FROM "audit_runs" WHERE (("audit_runs"."partnership_id" = ?) AND ("audit_runs"."run_id" = ?))

-- audit_tree::advance_run
UPDATE "audit_runs" SET "next_number" = ? WHERE (("audit_runs"."partnership_id" = ?) AND ("audit_runs"."run_id" = ?))

-- audit_tree::close_gap
DELETE FROM "audit_holes" WHERE ((("audit_holes"."partnership_id" = ?) AND ("audit_holes"."run_id" = ?)) AND ("audit_holes"."number" = ?))

-- audit_tree::count_by_run
SELECT "audit_records"."run_id", COUNT(*), max("audit_records"."number") FROM "audit_records" WHERE ("audit_records"."partnership_id" = ?) GROUP BY "audit_records"."run_id"

-- audit_tree::hashes
SELECT "audit_tree"."hash" FROM "audit_tree" WHERE (((("audit_tree"."partnership_id" = ?) AND ("audit_tree"."level" = ?)) AND ("audit_tree"."position" >= ?)) AND ("audit_tree"."position" < ?)) ORDER BY "audit_tree"."position"

-- audit_tree::head
SELECT "audit_heads"."partnership_id", "audit_heads"."size", "audit_heads"."frontier", "audit_heads"."root", "audit_heads"."signed_at", "audit_heads"."checkpoint" FROM "audit_heads" WHERE ("audit_heads"."partnership_id" = ?)

-- audit_tree::insert
INSERT INTO "audit_tree" ("partnership_id", "level", "position", "hash", "record_id") VALUES (?, ?, ?, ?, ?)

-- audit_tree::leaves
SELECT "audit_tree"."partnership_id", "audit_tree"."level", "audit_tree"."position", "audit_tree"."hash", "audit_tree"."record_id", "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM ("audit_tree" LEFT OUTER JOIN "audit_records" ON ("audit_tree"."record_id" = "audit_records"."id")) WHERE ((("audit_tree"."partnership_id" = ?) AND ("audit_tree"."level" = ?)) AND ("audit_tree"."position" >= ?)) ORDER BY "audit_tree"."position" LIMIT ?

-- audit_tree::level
SELECT "audit_tree"."position", "audit_tree"."hash" FROM "audit_tree" WHERE (("audit_tree"."partnership_id" = ?) AND ("audit_tree"."level" = ?)) ORDER BY "audit_tree"."position"

-- audit_tree::list_gaps
SELECT "audit_holes"."partnership_id", "audit_holes"."run_id", "audit_holes"."number", "audit_holes"."seen_at" FROM "audit_holes" WHERE ("audit_holes"."partnership_id" = ?) ORDER BY "audit_holes"."seen_at", "audit_holes"."run_id", "audit_holes"."number"

-- audit_tree::lock_head
SELECT "audit_heads"."partnership_id", "audit_heads"."size", "audit_heads"."frontier", "audit_heads"."root", "audit_heads"."signed_at", "audit_heads"."checkpoint" FROM "audit_heads" WHERE ("audit_heads"."partnership_id" = ?) FOR UPDATE

-- audit_tree::numbers
SELECT "audit_records"."number" FROM "audit_records" WHERE (("audit_records"."partnership_id" = ?) AND ("audit_records"."run_id" = ?)) ORDER BY "audit_records"."number"

-- audit_tree::oldest_unsequenced
SELECT (SELECT "audit_records"."at" FROM "audit_records" WHERE ((("audit_records"."partnership_id" = "audit_runs"."partnership_id") AND ("audit_records"."run_id" = "audit_runs"."run_id")) AND ("audit_records"."number" >= "audit_runs"."next_number")) ORDER BY "audit_records"."number" LIMIT ?) FROM "audit_runs"

-- audit_tree::outside_tree
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM ("audit_records" LEFT OUTER JOIN "audit_tree" ON ("audit_tree"."record_id" = "audit_records"."id")) WHERE (("audit_records"."partnership_id" = ?) AND ("audit_tree"."position" IS NULL)) ORDER BY "audit_records"."at", "audit_records"."id"

-- audit_tree::position
SELECT "audit_tree"."position" FROM "audit_tree" WHERE (("audit_tree"."partnership_id" = ?) AND ("audit_tree"."record_id" = ?))

-- audit_tree::record_gaps
INSERT INTO "audit_holes" ("partnership_id", "run_id", "number", "seen_at") VALUES (?, ?, ?, ?)

-- audit_tree::register_run
INSERT INTO "audit_runs" ("partnership_id", "run_id", "next_number", "begun_at") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- audit_tree::save_head
INSERT INTO "audit_heads" ("partnership_id", "size", "frontier", "root", "signed_at", "checkpoint") VALUES (?, ?, ?, ?, ?, ?)

-- audit_tree::save_head
UPDATE "audit_heads" SET "partnership_id" = ?, "size" = ?, "frontier" = ?, "root" = ?, "signed_at" = ?, "checkpoint" = ? WHERE ("audit_heads"."partnership_id" = ?)

-- audit_tree::unsequenced
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM "audit_records" WHERE ((("audit_records"."partnership_id" = ?) AND ("audit_records"."run_id" = ?)) AND ("audit_records"."number" >= ?)) ORDER BY "audit_records"."number" LIMIT ?

-- audit_tree::unsequenced
SELECT "audit_records"."id", "audit_records"."partnership_id", "audit_records"."run_id", "audit_records"."number", "audit_records"."at", "audit_records"."operation", "audit_records"."outcome", "audit_records"."period", "audit_records"."payload_hash", "audit_records"."practitioner_token", "audit_records"."agency_token", "audit_records"."object_token", "audit_records"."chronology_token", "audit_records"."sealed" FROM ("audit_holes" INNER JOIN "audit_records" ON ((("audit_holes"."partnership_id" = "audit_records"."partnership_id") AND ("audit_holes"."run_id" = "audit_records"."run_id")) AND ("audit_holes"."number" = "audit_records"."number"))) WHERE ("audit_holes"."partnership_id" = ?) ORDER BY "audit_records"."run_id", "audit_records"."number" LIMIT ?

-- audit_tree::unsequenced
SELECT "audit_runs"."run_id", "audit_runs"."next_number", (SELECT "audit_records"."at" FROM "audit_records" WHERE ((("audit_records"."partnership_id" = "audit_runs"."partnership_id") AND ("audit_records"."run_id" = "audit_runs"."run_id")) AND ("audit_records"."number" >= "audit_runs"."next_number")) ORDER BY "audit_records"."number" LIMIT ?) FROM "audit_runs" WHERE ("audit_runs"."partnership_id" = ?) ORDER BY "audit_runs"."run_id"

-- certificates::find
SELECT "deletion_certificates"."id", "deletion_certificates"."partnership_id", "deletion_certificates"."kind", "deletion_certificates"."key_id", "deletion_certificates"."issued_at", "deletion_certificates"."document", "deletion_certificates"."public_key", "deletion_certificates"."signature", "deletion_certificates"."seed" FROM "deletion_certificates" WHERE (("deletion_certificates"."partnership_id" = ?) AND ("deletion_certificates"."id" = ?))

-- certificates::find
SELECT "deletion_certificates"."id", "deletion_certificates"."partnership_id", "deletion_certificates"."kind", "deletion_certificates"."key_id", "deletion_certificates"."issued_at", "deletion_certificates"."document", "deletion_certificates"."public_key", "deletion_certificates"."signature", "deletion_certificates"."seed" FROM "deletion_certificates" WHERE ((("deletion_certificates"."partnership_id" = ?) AND EXISTS (SELECT "deletion_covered"."partnership_id", "deletion_covered"."kind", "deletion_covered"."key_id", "deletion_covered"."object_kind", "deletion_covered"."object_id", "deletion_covered"."agency_id", "deletion_covered"."runs_agency_id", "deletion_covered"."owner_id" FROM "deletion_covered" WHERE (((("deletion_covered"."partnership_id" = ?) AND ("deletion_covered"."kind" = "deletion_certificates"."kind")) AND ("deletion_covered"."key_id" = "deletion_certificates"."key_id")) AND ("deletion_covered"."owner_id" = ?)))) AND ("deletion_certificates"."id" = ?))

-- certificates::find
SELECT "deletion_certificates"."id", "deletion_certificates"."partnership_id", "deletion_certificates"."kind", "deletion_certificates"."key_id", "deletion_certificates"."issued_at", "deletion_certificates"."document", "deletion_certificates"."public_key", "deletion_certificates"."signature", "deletion_certificates"."seed" FROM "deletion_certificates" WHERE ((("deletion_certificates"."partnership_id" = ?) AND EXISTS (SELECT "deletion_covered"."partnership_id", "deletion_covered"."kind", "deletion_covered"."key_id", "deletion_covered"."object_kind", "deletion_covered"."object_id", "deletion_covered"."agency_id", "deletion_covered"."runs_agency_id", "deletion_covered"."owner_id" FROM "deletion_covered" WHERE (((("deletion_covered"."partnership_id" = ?) AND ("deletion_covered"."kind" = "deletion_certificates"."kind")) AND ("deletion_covered"."key_id" = "deletion_certificates"."key_id")) AND (("deletion_covered"."agency_id" = ?) OR ("deletion_covered"."runs_agency_id" = ?))))) AND ("deletion_certificates"."id" = ?))

-- certificates::insert
INSERT INTO "deletion_certificates" ("id", "partnership_id", "kind", "key_id", "issued_at", "document", "public_key", "signature", "seed") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- certificates::list_for_object
SELECT "deletion_certificates"."issued_at", "deletion_certificates"."id" FROM "deletion_certificates" WHERE ((("deletion_certificates"."partnership_id" = ?) AND ("deletion_certificates"."kind" = ?)) AND ("deletion_certificates"."key_id" = ?))

-- certificates::list_for_object
SELECT "deletion_covered"."kind", "deletion_covered"."key_id" FROM "deletion_covered" WHERE (("deletion_covered"."object_id" = ?) AND ("deletion_covered"."partnership_id" = ?) IS TRUE)

-- certificates::page
SELECT "deletion_certificates"."id", "deletion_certificates"."partnership_id", "deletion_certificates"."kind", "deletion_certificates"."key_id", "deletion_certificates"."issued_at", "deletion_certificates"."document", "deletion_certificates"."public_key", "deletion_certificates"."signature", "deletion_certificates"."seed" FROM "deletion_certificates" WHERE ("deletion_certificates"."partnership_id" = ?) ORDER BY "deletion_certificates"."issued_at", "deletion_certificates"."id" LIMIT ?

-- certificates::page
SELECT "deletion_certificates"."id", "deletion_certificates"."partnership_id", "deletion_certificates"."kind", "deletion_certificates"."key_id", "deletion_certificates"."issued_at", "deletion_certificates"."document", "deletion_certificates"."public_key", "deletion_certificates"."signature", "deletion_certificates"."seed" FROM "deletion_certificates" WHERE (("deletion_certificates"."partnership_id" = ?) AND EXISTS (SELECT "deletion_covered"."partnership_id", "deletion_covered"."kind", "deletion_covered"."key_id", "deletion_covered"."object_kind", "deletion_covered"."object_id", "deletion_covered"."agency_id", "deletion_covered"."runs_agency_id", "deletion_covered"."owner_id" FROM "deletion_covered" WHERE (((("deletion_covered"."partnership_id" = ?) AND ("deletion_covered"."kind" = "deletion_certificates"."kind")) AND ("deletion_covered"."key_id" = "deletion_certificates"."key_id")) AND ("deletion_covered"."owner_id" = ?)))) ORDER BY "deletion_certificates"."issued_at", "deletion_certificates"."id" LIMIT ?

-- certificates::page
SELECT "deletion_certificates"."id", "deletion_certificates"."partnership_id", "deletion_certificates"."kind", "deletion_certificates"."key_id", "deletion_certificates"."issued_at", "deletion_certificates"."document", "deletion_certificates"."public_key", "deletion_certificates"."signature", "deletion_certificates"."seed" FROM "deletion_certificates" WHERE (("deletion_certificates"."partnership_id" = ?) AND EXISTS (SELECT "deletion_covered"."partnership_id", "deletion_covered"."kind", "deletion_covered"."key_id", "deletion_covered"."object_kind", "deletion_covered"."object_id", "deletion_covered"."agency_id", "deletion_covered"."runs_agency_id", "deletion_covered"."owner_id" FROM "deletion_covered" WHERE (((("deletion_covered"."partnership_id" = ?) AND ("deletion_covered"."kind" = "deletion_certificates"."kind")) AND ("deletion_covered"."key_id" = "deletion_certificates"."key_id")) AND (("deletion_covered"."agency_id" = ?) OR ("deletion_covered"."runs_agency_id" = ?))))) ORDER BY "deletion_certificates"."issued_at", "deletion_certificates"."id" LIMIT ?

-- certificates::page
SELECT "deletion_certificates"."id", "deletion_certificates"."partnership_id", "deletion_certificates"."kind", "deletion_certificates"."key_id", "deletion_certificates"."issued_at", "deletion_certificates"."document", "deletion_certificates"."public_key", "deletion_certificates"."signature", "deletion_certificates"."seed" FROM "deletion_certificates" WHERE ((("deletion_certificates"."partnership_id" = ?) AND ("deletion_certificates"."issued_at" >= ?)) AND (("deletion_certificates"."issued_at" > ?) OR ("deletion_certificates"."id" > ?))) ORDER BY "deletion_certificates"."issued_at", "deletion_certificates"."id" LIMIT ?

-- chronologies::facts
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at", EXISTS (SELECT "chronology_team"."chronology_id", "chronology_team"."practitioner_id", "chronology_team"."partnership_id" FROM "chronology_team" WHERE ((("chronology_team"."partnership_id" = ?) AND ("chronology_team"."practitioner_id" = ?)) AND ("chronology_team"."chronology_id" = "chronologies"."id"))) FROM "chronologies" WHERE (("chronologies"."partnership_id" = ?) AND ("chronologies"."id" = ?))

-- chronologies::find
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE ((("chronologies"."partnership_id" = ?) AND ("chronologies"."id" = ?)) AND ("chronologies"."expires_at" > ?))

-- chronologies::insert
INSERT INTO "chronologies" ("id", "partnership_id", "family_id", "owner_id", "owner_agency_id", "purpose", "state", "due_at", "opened_at", "expires_at", "wrapped_key", "sealed", "version", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- chronologies::invitation_facts
SELECT "invitations"."id", "invitations"."state", EXISTS (SELECT "invitation_practitioners"."invitation_id", "invitation_practitioners"."practitioner_id", "invitation_practitioners"."partnership_id" FROM "invitation_practitioners" WHERE ((("invitation_practitioners"."partnership_id" = ?) AND ("invitation_practitioners"."practitioner_id" = ?)) AND ("invitation_practitioners"."invitation_id" = "invitations"."id"))) FROM "invitations" WHERE ((("invitations"."partnership_id" = ?) AND ("invitations"."chronology_id" = ?)) AND ("invitations"."agency_id" = ?))

-- chronologies::listing::page_for
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE ((("chronologies"."partnership_id" = ?) AND ("chronologies"."owner_agency_id" = ?)) AND ("chronologies"."expires_at" > ?)) ORDER BY "chronologies"."created_at", "chronologies"."id" LIMIT ?

-- chronologies::listing::page_for
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE ((("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."id" = ANY(SELECT "chronology_team"."chronology_id" FROM "chronology_team" WHERE (("chronology_team"."partnership_id" = ?) IS TRUE AND ("chronology_team"."practitioner_id" = ?))))) AND ("chronologies"."expires_at" > ?)) ORDER BY "chronologies"."created_at", "chronologies"."id" LIMIT ?

-- chronologies::listing::page_for
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE ((("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."owner_id" = ?)) AND ("chronologies"."expires_at" > ?)) ORDER BY "chronologies"."created_at", "chronologies"."id" LIMIT ?

-- chronologies::listing::page_for
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (((("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."opened_at" IS NOT NULL)) AND ("chronologies"."id" = ANY(SELECT "invitations"."chronology_id" FROM "invitations" WHERE (("invitations"."partnership_id" = ?) AND ("invitations"."agency_id" = ?))))) AND ("chronologies"."expires_at" > ?)) ORDER BY "chronologies"."created_at", "chronologies"."id" LIMIT ?

-- chronologies::listing::page_for
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (((("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."opened_at" IS NOT NULL)) AND ("chronologies"."id" = ANY(SELECT "invitations"."chronology_id" FROM "invitations" WHERE ((("invitations"."partnership_id" = ?) IS TRUE AND ("invitations"."agency_id" = ?) IS TRUE) AND ("invitations"."id" = ANY(SELECT "invitation_practitioners"."invitation_id" FROM "invitation_practitioners" WHERE (("invitation_practitioners"."partnership_id" = ?) IS TRUE AND ("invitation_practitioners"."practitioner_id" = ?)))))))) AND ("chronologies"."expires_at" > ?)) ORDER BY "chronologies"."created_at", "chronologies"."id" LIMIT ?

-- chronologies::lock
UPDATE "chronologies" SET "version" = "chronologies"."version" WHERE (("chronologies"."partnership_id" = ?) AND ("chronologies"."id" = ?))

-- chronologies::past_due
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE ((("chronologies"."state" = ?) AND ("chronologies"."due_at" <= ?)) AND ("chronologies"."expires_at" > ?)) ORDER BY "chronologies"."due_at", "chronologies"."id" LIMIT ?

-- chronologies::set_team
DELETE FROM "chronology_team" WHERE (("chronology_team"."partnership_id" = ?) AND ("chronology_team"."chronology_id" = ?))

-- chronologies::set_team
INSERT INTO "chronology_team" ("chronology_id", "practitioner_id", "partnership_id") VALUES (?, ?, ?)

-- chronologies::team
SELECT "chronology_team"."practitioner_id" FROM "chronology_team" WHERE (("chronology_team"."partnership_id" = ?) AND ("chronology_team"."chronology_id" = ?)) ORDER BY "chronology_team"."practitioner_id"

-- chronologies::update
UPDATE "chronologies" SET "id" = ?, "partnership_id" = ?, "family_id" = ?, "owner_id" = ?, "owner_agency_id" = ?, "purpose" = ?, "state" = ?, "due_at" = ?, "opened_at" = ?, "expires_at" = ?, "wrapped_key" = ?, "sealed" = ?, "version" = ?, "created_at" = ?, "updated_at" = ? WHERE ((("chronologies"."partnership_id" = ?) AND ("chronologies"."id" = ?)) AND ("chronologies"."version" = ?))

-- clock::database_now
SELECT clock_timestamp()

-- clock::high_water
SELECT "clock_mark"."high_water" FROM "clock_mark"

-- clock::is_remote
SELECT COALESCE(inet_server_addr() <> inet_client_addr(), false)

-- clock::raise_high_water
INSERT INTO "clock_mark" ("id", "high_water") VALUES (?, ?) ON CONFLICT DO NOTHING

-- clock::raise_high_water
UPDATE "clock_mark" SET "high_water" = ? WHERE ("clock_mark"."high_water" < ?)

-- clock::raise_vouched
INSERT INTO "clock_trust" ("id", "vouched") VALUES (?, ?) ON CONFLICT DO NOTHING

-- clock::raise_vouched
UPDATE "clock_trust" SET "vouched" = ? WHERE ("clock_trust"."vouched" < ?)

-- clock::vouched
SELECT "clock_trust"."vouched" FROM "clock_trust"

-- commitments::certificates_for_chronology
SELECT "deletion_covered"."object_id" FROM "deletion_covered" WHERE (((("deletion_covered"."partnership_id" = ?) AND ("deletion_covered"."kind" = ?)) AND ("deletion_covered"."key_id" = ?)) AND ("deletion_covered"."object_kind" = ?))

-- commitments::find
SELECT "key_commitments"."partnership_id", "key_commitments"."kind", "key_commitments"."key_id", "key_commitments"."commitment", "key_commitments"."made_at", "key_commitments"."published_at", "key_commitments"."due_at", "key_commitments"."certificate_id", "key_commitments"."settled_at" FROM "key_commitments" WHERE ((("key_commitments"."partnership_id" = ?) AND ("key_commitments"."kind" = ?)) AND ("key_commitments"."key_id" = ?))

-- commitments::list_unsettled
SELECT "key_commitments"."partnership_id", "key_commitments"."kind", "key_commitments"."key_id", "key_commitments"."commitment", "key_commitments"."made_at", "key_commitments"."published_at", "key_commitments"."due_at", "key_commitments"."certificate_id", "key_commitments"."settled_at" FROM "key_commitments" WHERE (("key_commitments"."settled_at" IS NULL) AND ("key_commitments"."due_at" <= ?)) ORDER BY "key_commitments"."due_at", "key_commitments"."partnership_id", "key_commitments"."kind", "key_commitments"."key_id" LIMIT ?

-- commitments::mark_settled
UPDATE "key_commitments" SET "settled_at" = ?, "certificate_id" = ? WHERE (((("key_commitments"."partnership_id" = ?) AND ("key_commitments"."kind" = ?)) AND ("key_commitments"."key_id" = ?)) AND ("key_commitments"."settled_at" IS NULL))

-- commitments::publish
INSERT INTO "key_commitments" ("partnership_id", "kind", "key_id", "commitment", "made_at", "published_at", "due_at", "certificate_id", "settled_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- commitments::schedule_destruction
UPDATE "key_commitments" SET "due_at" = ?, "certificate_id" = ? WHERE (((("key_commitments"."partnership_id" = ?) AND ("key_commitments"."kind" = ?)) AND ("key_commitments"."key_id" = ?)) AND ("key_commitments"."certificate_id" IS NULL))

-- consolidations::count
SELECT COUNT(*) FROM "consolidations" WHERE ((("consolidations"."partnership_id" = ?) AND ("consolidations"."expires_at" > ?)) AND ("consolidations"."chronology_id" = ?))

-- consolidations::find
SELECT "consolidations"."id", "consolidations"."partnership_id", "consolidations"."chronology_id", "consolidations"."author_id", "consolidations"."expires_at", "consolidations"."wrapped_key", "consolidations"."sealed", "consolidations"."signed_off_at", "consolidations"."signed_off_by", "consolidations"."created_at" FROM "consolidations" WHERE ((("consolidations"."partnership_id" = ?) AND ("consolidations"."expires_at" > ?)) AND ("consolidations"."id" = ?)) LIMIT ?

-- consolidations::fragments
SELECT "consolidation_fragments"."consolidation_id", "consolidation_fragments"."fragment_id" FROM ("consolidations" INNER JOIN "consolidation_fragments" ON ("consolidation_fragments"."consolidation_id" = "consolidations"."id")) WHERE (("consolidations"."partnership_id" = ?) AND ("consolidations"."chronology_id" = ?))

-- consolidations::insert
INSERT INTO "consolidation_fragments" ("consolidation_id", "fragment_id", "version", "partnership_id") VALUES (?, ?, ?, ?)

-- consolidations::insert
INSERT INTO "consolidation_links" ("consolidation_id", "partnership_id", "expires_at", "wrapped_key", "sealed") VALUES (?, ?, ?, ?, ?)

-- consolidations::insert
INSERT INTO "consolidations" ("id", "partnership_id", "chronology_id", "author_id", "expires_at", "wrapped_key", "sealed", "signed_off_at", "signed_off_by", "created_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- consolidations::latest
SELECT "consolidations"."id", "consolidations"."partnership_id", "consolidations"."chronology_id", "consolidations"."author_id", "consolidations"."expires_at", "consolidations"."wrapped_key", "consolidations"."sealed", "consolidations"."signed_off_at", "consolidations"."signed_off_by", "consolidations"."created_at" FROM "consolidations" WHERE ((("consolidations"."partnership_id" = ?) AND ("consolidations"."expires_at" > ?)) AND ("consolidations"."chronology_id" = ?)) ORDER BY "consolidations"."created_at" DESC, "consolidations"."id" DESC LIMIT ?

-- consolidations::links
SELECT "consolidation_links"."consolidation_id", "consolidation_links"."partnership_id", "consolidation_links"."expires_at", "consolidation_links"."wrapped_key", "consolidation_links"."sealed" FROM "consolidation_links" WHERE ((("consolidation_links"."partnership_id" = ?) AND ("consolidation_links"."consolidation_id" = ?)) AND ("consolidation_links"."expires_at" > ?))

-- consolidations::page
SELECT "consolidations"."id", "consolidations"."partnership_id", "consolidations"."chronology_id", "consolidations"."author_id", "consolidations"."expires_at", "consolidations"."wrapped_key", "consolidations"."sealed", "consolidations"."signed_off_at", "consolidations"."signed_off_by", "consolidations"."created_at" FROM "consolidations" WHERE ((("consolidations"."partnership_id" = ?) AND ("consolidations"."expires_at" > ?)) AND ("consolidations"."chronology_id" = ?)) ORDER BY "consolidations"."created_at", "consolidations"."id" LIMIT ?

-- consolidations::remove_fragment
DELETE FROM "consolidation_fragments" WHERE (("consolidation_fragments"."fragment_id" = ?) AND ("consolidation_fragments"."partnership_id" = ?))

-- consolidations::remove_fragment
DELETE FROM "consolidation_links" WHERE (("consolidation_links"."partnership_id" = ?) AND ("consolidation_links"."consolidation_id" = ?))

-- consolidations::remove_fragment
SELECT "consolidation_fragments"."consolidation_id" FROM "consolidation_fragments" WHERE (("consolidation_fragments"."fragment_id" = ?) AND ("consolidation_fragments"."partnership_id" = ?))

-- consolidations::revoke_sign_off
UPDATE "consolidations" SET "signed_off_at" = ?, "signed_off_by" = ? WHERE ((("consolidations"."partnership_id" = ?) IS TRUE AND ("consolidations"."chronology_id" = ?)) AND ("consolidations"."signed_off_at" IS NOT NULL))

-- consolidations::set_lifetime
UPDATE "consolidations" SET "expires_at" = ?, "wrapped_key" = ? WHERE (("consolidations"."partnership_id" = ?) AND ("consolidations"."id" = ?))

-- consolidations::set_links_lifetime
UPDATE "consolidation_links" SET "expires_at" = ?, "wrapped_key" = ? WHERE (("consolidation_links"."partnership_id" = ?) AND ("consolidation_links"."consolidation_id" = ?))

-- consolidations::sign_off
UPDATE "consolidations" SET "signed_off_at" = ?, "signed_off_by" = ? WHERE ((("consolidations"."partnership_id" = ?) AND ("consolidations"."id" = ?)) AND ("consolidations"."signed_off_at" IS NULL))

-- consolidations::signed_off
SELECT "consolidations"."id", "consolidations"."partnership_id", "consolidations"."chronology_id", "consolidations"."author_id", "consolidations"."expires_at", "consolidations"."wrapped_key", "consolidations"."sealed", "consolidations"."signed_off_at", "consolidations"."signed_off_by", "consolidations"."created_at" FROM "consolidations" WHERE (((("consolidations"."partnership_id" = ?) AND ("consolidations"."expires_at" > ?)) AND ("consolidations"."chronology_id" = ?)) AND ("consolidations"."signed_off_at" IS NOT NULL)) ORDER BY "consolidations"."signed_off_at" DESC, "consolidations"."id" DESC LIMIT ?

-- deletion_orders::delete_expired_reasons
SELECT "deletion_orders"."chronology_id" FROM "deletion_orders" WHERE (("deletion_orders"."words_until" <= ?) AND ("deletion_orders"."sealed" IS NOT NULL)) ORDER BY "deletion_orders"."words_until", "deletion_orders"."chronology_id" LIMIT ?

-- deletion_orders::delete_expired_reasons
UPDATE "deletion_orders" SET "wrapped_key" = ?, "sealed" = ? WHERE ("deletion_orders"."chronology_id" = ANY(?))

-- deletion_orders::find
SELECT "deletion_orders"."chronology_id", "deletion_orders"."partnership_id", "deletion_orders"."reason", "deletion_orders"."snapshot", "deletion_orders"."decided_by", "deletion_orders"."decided_at", "deletion_orders"."words_until", "deletion_orders"."wrapped_key", "deletion_orders"."sealed", "deletion_orders"."asked_by" FROM "deletion_orders" WHERE (("deletion_orders"."partnership_id" = ?) AND ("deletion_orders"."chronology_id" = ?))

-- deletion_orders::insert
INSERT INTO "deletion_orders" ("chronology_id", "partnership_id", "reason", "snapshot", "decided_by", "decided_at", "words_until", "wrapped_key", "sealed", "asked_by") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- deletion_orders::list_without_expiry
SELECT "deletion_orders"."chronology_id", "deletion_orders"."partnership_id", "deletion_orders"."reason", "deletion_orders"."snapshot", "deletion_orders"."decided_by", "deletion_orders"."decided_at", "deletion_orders"."words_until", "deletion_orders"."wrapped_key", "deletion_orders"."sealed", "deletion_orders"."asked_by" FROM "deletion_orders" WHERE (("deletion_orders"."words_until" IS NULL) AND ("deletion_orders"."sealed" IS NOT NULL)) ORDER BY "deletion_orders"."chronology_id" LIMIT ?

-- destruction_manifest::chronologies_of
SELECT "chronologies"."id", "chronologies"."owner_agency_id", "chronologies"."owner_id", "chronologies"."expires_at" FROM "chronologies" WHERE (("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."id" = ?)) ORDER BY "chronologies"."id"

-- destruction_manifest::chronologies_of
SELECT "chronologies"."id", "chronologies"."owner_agency_id", "chronologies"."owner_id", "chronologies"."expires_at" FROM "chronologies" WHERE ((("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."expires_at" > ?)) AND ("chronologies"."expires_at" <= ?)) ORDER BY "chronologies"."id"

-- destruction_manifest::families_of
SELECT "families"."id", "families"."created_by_agency", "families"."created_by", "families"."expires_at" FROM "families" WHERE (("families"."partnership_id" = ?) IS TRUE AND ("families"."id" = ?)) ORDER BY "families"."id"

-- destruction_manifest::families_of
SELECT "families"."id", "families"."created_by_agency", "families"."created_by", "families"."expires_at" FROM "families" WHERE ((("families"."partnership_id" = ?) IS TRUE AND ("families"."expires_at" > ?)) AND ("families"."expires_at" <= ?)) ORDER BY "families"."id"

-- destruction_manifest::fragments_of
SELECT "fragments"."id", "fragments"."chronology_id", "fragments"."agency_id", "fragments"."author_id", "fragments"."expires_at" FROM "fragments" WHERE (("fragments"."partnership_id" = ?) IS TRUE AND ("fragments"."chronology_id" = ?)) ORDER BY "fragments"."id"

-- destruction_manifest::fragments_of
SELECT "fragments"."id", "fragments"."chronology_id", "fragments"."agency_id", "fragments"."author_id", "fragments"."expires_at" FROM "fragments" WHERE (("fragments"."partnership_id" = ?) IS TRUE AND ("fragments"."id" = ?)) ORDER BY "fragments"."id"

-- destruction_manifest::fragments_of
SELECT "fragments"."id", "fragments"."chronology_id", "fragments"."agency_id", "fragments"."author_id", "fragments"."expires_at" FROM "fragments" WHERE ((("fragments"."partnership_id" = ?) IS TRUE AND ("fragments"."expires_at" > ?)) AND ("fragments"."expires_at" <= ?)) ORDER BY "fragments"."id"

-- destruction_manifest::list_for_key
SELECT "deletion_covered"."partnership_id", "deletion_covered"."kind", "deletion_covered"."key_id", "deletion_covered"."object_kind", "deletion_covered"."object_id", "deletion_covered"."agency_id", "deletion_covered"."runs_agency_id", "deletion_covered"."owner_id" FROM "deletion_covered" WHERE ((("deletion_covered"."partnership_id" = ?) AND ("deletion_covered"."kind" = ?)) AND ("deletion_covered"."key_id" = ?)) ORDER BY "deletion_covered"."object_id"

-- destruction_manifest::owner_agencies
SELECT "chronologies"."id", "chronologies"."owner_agency_id" FROM "chronologies" WHERE (("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."id" = ANY(?)))

-- destruction_manifest::people_of
SELECT "people"."id", "people"."created_by_agency", "people"."created_by", "people"."expires_at" FROM "people" WHERE (("people"."partnership_id" = ?) IS TRUE AND ("people"."id" = ?)) ORDER BY "people"."id"

-- destruction_manifest::people_of
SELECT "people"."id", "people"."created_by_agency", "people"."created_by", "people"."expires_at" FROM "people" WHERE ((("people"."partnership_id" = ?) IS TRUE AND ("people"."expires_at" > ?)) AND ("people"."expires_at" <= ?)) ORDER BY "people"."id"

-- destruction_manifest::record
INSERT INTO "deletion_covered" ("partnership_id", "kind", "key_id", "object_kind", "object_id", "agency_id", "runs_agency_id", "owner_id") VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- destruction_manifest::views_of
SELECT "consolidations"."id", "consolidations"."chronology_id", "consolidations"."author_id", "consolidations"."expires_at" FROM "consolidations" WHERE (("consolidations"."partnership_id" = ?) IS TRUE AND ("consolidations"."chronology_id" = ?)) ORDER BY "consolidations"."id"

-- destruction_manifest::views_of
SELECT "consolidations"."id", "consolidations"."chronology_id", "consolidations"."author_id", "consolidations"."expires_at" FROM "consolidations" WHERE ((("consolidations"."partnership_id" = ?) IS TRUE AND ("consolidations"."expires_at" > ?)) AND ("consolidations"."expires_at" <= ?)) ORDER BY "consolidations"."id"

-- destruction_requests::delete
DELETE FROM "destruction_requests" WHERE (("destruction_requests"."chronology_id" = ?) AND ("destruction_requests"."partnership_id" = ?))

-- destruction_requests::delete_lapsed
DELETE FROM "destruction_requests" WHERE (("destruction_requests"."chronology_id" = ANY(?)) AND ("destruction_requests"."lapses_at" <= ?))

-- destruction_requests::delete_lapsed
SELECT "destruction_requests"."chronology_id" FROM "destruction_requests" WHERE ("destruction_requests"."lapses_at" <= ?) ORDER BY "destruction_requests"."lapses_at" LIMIT ?

-- destruction_requests::find
SELECT "destruction_requests"."chronology_id", "destruction_requests"."id", "destruction_requests"."partnership_id", "destruction_requests"."reason", "destruction_requests"."asked_by", "destruction_requests"."asked_at", "destruction_requests"."lapses_at", "destruction_requests"."wrapped_key", "destruction_requests"."sealed" FROM "destruction_requests" WHERE ((("destruction_requests"."chronology_id" = ?) AND ("destruction_requests"."partnership_id" = ?)) AND ("destruction_requests"."lapses_at" > ?))

-- destruction_requests::insert
INSERT INTO "destruction_requests" ("chronology_id", "id", "partnership_id", "reason", "asked_by", "asked_at", "lapses_at", "wrapped_key", "sealed") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- emergency::count_awaiting_review
SELECT COUNT(*) FROM "emergency_accesses" WHERE ((("emergency_accesses"."partnership_id" = ?) IS TRUE AND ("emergency_accesses"."practitioner_id" = ?)) AND ("emergency_accesses"."reviewed_at" IS NULL))

-- emergency::delete_expired_reasons
SELECT "emergency_accesses"."id", "emergency_accesses"."reviewed_at" FROM "emergency_accesses" WHERE (("emergency_accesses"."words_until" <= ?) AND ("emergency_accesses"."sealed" IS NOT NULL)) ORDER BY "emergency_accesses"."words_until", "emergency_accesses"."id" LIMIT ?

-- emergency::delete_expired_reasons
UPDATE "emergency_accesses" SET "wrapped_key" = ?, "sealed" = ? WHERE ("emergency_accesses"."id" = ANY(?))

-- emergency::find
SELECT "emergency_accesses"."id", "emergency_accesses"."partnership_id", "emergency_accesses"."practitioner_id", "emergency_accesses"."agency_id", "emergency_accesses"."reason_code", "emergency_accesses"."opened_at", "emergency_accesses"."ends_at", "emergency_accesses"."ended_at", "emergency_accesses"."review_due_at", "emergency_accesses"."reviewed_at", "emergency_accesses"."reviewed_by", "emergency_accesses"."finding", "emergency_accesses"."words_until", "emergency_accesses"."wrapped_key", "emergency_accesses"."sealed", "emergency_accesses"."version" FROM "emergency_accesses" WHERE (("emergency_accesses"."partnership_id" = ?) AND ("emergency_accesses"."id" = ?))

-- emergency::find_live
SELECT "emergency_accesses"."id", "emergency_accesses"."partnership_id", "emergency_accesses"."practitioner_id", "emergency_accesses"."agency_id", "emergency_accesses"."reason_code", "emergency_accesses"."opened_at", "emergency_accesses"."ends_at", "emergency_accesses"."ended_at", "emergency_accesses"."review_due_at", "emergency_accesses"."reviewed_at", "emergency_accesses"."reviewed_by", "emergency_accesses"."finding", "emergency_accesses"."words_until", "emergency_accesses"."wrapped_key", "emergency_accesses"."sealed", "emergency_accesses"."version", "emergency_chronologies"."ends_at" FROM ("emergency_chronologies" INNER JOIN "emergency_accesses" ON ("emergency_accesses"."id" = "emergency_chronologies"."access_id")) WHERE ((((((("emergency_chronologies"."partnership_id" = ?) AND ("emergency_chronologies"."practitioner_id" = ?)) AND ("emergency_chronologies"."chronology_id" = ?)) AND ("emergency_chronologies"."ends_at" > ?)) AND ("emergency_accesses"."partnership_id" = ?)) AND ("emergency_accesses"."ends_at" > ?)) AND ("emergency_accesses"."ended_at" IS NULL))

-- emergency::insert
INSERT INTO "emergency_accesses" ("id", "partnership_id", "practitioner_id", "agency_id", "reason_code", "opened_at", "ends_at", "ended_at", "review_due_at", "reviewed_at", "reviewed_by", "finding", "words_until", "wrapped_key", "sealed", "version") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- emergency::insert
INSERT INTO "emergency_chronologies" ("access_id", "chronology_id", "partnership_id", "practitioner_id", "owner_id", "owner_agency_id", "ends_at") VALUES (?, ?, ?, ?, ?, ?, ?)

-- emergency::list_chronologies
SELECT "emergency_chronologies"."access_id", "emergency_chronologies"."chronology_id", "emergency_chronologies"."partnership_id", "emergency_chronologies"."practitioner_id", "emergency_chronologies"."owner_id", "emergency_chronologies"."owner_agency_id", "emergency_chronologies"."ends_at" FROM "emergency_chronologies" WHERE (("emergency_chronologies"."partnership_id" = ?) AND ("emergency_chronologies"."access_id" = ANY(?))) ORDER BY "emergency_chronologies"."access_id", "emergency_chronologies"."chronology_id"

-- emergency::list_for_owner
SELECT "emergency_chronologies"."access_id", "emergency_chronologies"."chronology_id", "emergency_chronologies"."partnership_id", "emergency_chronologies"."practitioner_id", "emergency_chronologies"."owner_id", "emergency_chronologies"."owner_agency_id", "emergency_chronologies"."ends_at" FROM "emergency_chronologies" WHERE ((("emergency_chronologies"."partnership_id" = ?) AND (("emergency_chronologies"."owner_id" = ?) OR ("emergency_chronologies"."owner_agency_id" = ?))) AND NOT (EXISTS (SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."id" = "emergency_chronologies"."chronology_id")))))

-- emergency::list_for_owner
SELECT "emergency_chronologies"."access_id", "emergency_chronologies"."chronology_id", "emergency_chronologies"."partnership_id", "emergency_chronologies"."practitioner_id", "emergency_chronologies"."owner_id", "emergency_chronologies"."owner_agency_id", "emergency_chronologies"."ends_at", "chronologies"."owner_id", "chronologies"."owner_agency_id" FROM ("emergency_chronologies" INNER JOIN "chronologies" ON ("chronologies"."id" = "emergency_chronologies"."chronology_id")) WHERE ((("emergency_chronologies"."partnership_id" = ?) AND ("chronologies"."partnership_id" = ?) IS TRUE) AND (("chronologies"."owner_id" = ?) OR ("chronologies"."owner_agency_id" = ?)))

-- emergency::list_holders
SELECT "emergency_chronologies"."practitioner_id", "emergency_chronologies"."access_id" FROM "emergency_chronologies" WHERE (("emergency_chronologies"."partnership_id" = ?) AND ("emergency_chronologies"."chronology_id" = ?)) ORDER BY "emergency_chronologies"."practitioner_id", "emergency_chronologies"."access_id"

-- emergency::live_chronologies_of_families
SELECT "chronologies"."id" FROM "chronologies" WHERE (((("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."family_id" = ANY(?))) AND ("chronologies"."expires_at" > ?)) AND ("chronologies"."opened_at" IS NOT NULL)) ORDER BY "chronologies"."id"

-- emergency::page
SELECT "emergency_accesses"."id", "emergency_accesses"."partnership_id", "emergency_accesses"."practitioner_id", "emergency_accesses"."agency_id", "emergency_accesses"."reason_code", "emergency_accesses"."opened_at", "emergency_accesses"."ends_at", "emergency_accesses"."ended_at", "emergency_accesses"."review_due_at", "emergency_accesses"."reviewed_at", "emergency_accesses"."reviewed_by", "emergency_accesses"."finding", "emergency_accesses"."words_until", "emergency_accesses"."wrapped_key", "emergency_accesses"."sealed", "emergency_accesses"."version" FROM "emergency_accesses" WHERE ("emergency_accesses"."partnership_id" = ?) ORDER BY "emergency_accesses"."opened_at" DESC, "emergency_accesses"."id" DESC LIMIT ?

-- emergency::page
SELECT "emergency_accesses"."id", "emergency_accesses"."partnership_id", "emergency_accesses"."practitioner_id", "emergency_accesses"."agency_id", "emergency_accesses"."reason_code", "emergency_accesses"."opened_at", "emergency_accesses"."ends_at", "emergency_accesses"."ended_at", "emergency_accesses"."review_due_at", "emergency_accesses"."reviewed_at", "emergency_accesses"."reviewed_by", "emergency_accesses"."finding", "emergency_accesses"."words_until", "emergency_accesses"."wrapped_key", "emergency_accesses"."sealed", "emergency_accesses"."version" FROM "emergency_accesses" WHERE (("emergency_accesses"."partnership_id" = ?) AND ("emergency_accesses"."id" = ANY(?))) ORDER BY "emergency_accesses"."opened_at" DESC, "emergency_accesses"."id" DESC LIMIT ?

-- emergency::page
SELECT "emergency_accesses"."id", "emergency_accesses"."partnership_id", "emergency_accesses"."practitioner_id", "emergency_accesses"."agency_id", "emergency_accesses"."reason_code", "emergency_accesses"."opened_at", "emergency_accesses"."ends_at", "emergency_accesses"."ended_at", "emergency_accesses"."review_due_at", "emergency_accesses"."reviewed_at", "emergency_accesses"."reviewed_by", "emergency_accesses"."finding", "emergency_accesses"."words_until", "emergency_accesses"."wrapped_key", "emergency_accesses"."sealed", "emergency_accesses"."version" FROM "emergency_accesses" WHERE ((("emergency_accesses"."partnership_id" = ?) AND ("emergency_accesses"."opened_at" <= ?)) AND (("emergency_accesses"."opened_at" < ?) OR ("emergency_accesses"."id" < ?))) ORDER BY "emergency_accesses"."opened_at" DESC, "emergency_accesses"."id" DESC LIMIT ?

-- emergency::update
UPDATE "emergency_accesses" SET "id" = ?, "partnership_id" = ?, "practitioner_id" = ?, "agency_id" = ?, "reason_code" = ?, "opened_at" = ?, "ends_at" = ?, "ended_at" = ?, "review_due_at" = ?, "reviewed_at" = ?, "reviewed_by" = ?, "finding" = ?, "words_until" = ?, "wrapped_key" = ?, "sealed" = ?, "version" = ? WHERE ((("emergency_accesses"."partnership_id" = ?) AND ("emergency_accesses"."id" = ?)) AND ("emergency_accesses"."version" = ?))

-- event_links::count
SELECT COUNT(*) FROM "event_links"

-- event_links::delete_all
DELETE FROM "event_links"

-- event_links::find
SELECT "event_links"."chronology_id", "event_links"."view_index", "event_links"."partnership_id", "event_links"."expires_at", "event_links"."wrapped_key", "event_links"."sealed", "event_links"."created_at" FROM "event_links" WHERE (((("event_links"."partnership_id" = ?) AND ("event_links"."chronology_id" = ?)) AND ("event_links"."view_index" = ?)) AND ("event_links"."expires_at" > ?))

-- event_links::replace
DELETE FROM "event_links" WHERE ((("event_links"."partnership_id" = ?) AND ("event_links"."chronology_id" = ?)) AND ("event_links"."view_index" != ALL(?)))

-- event_links::replace
INSERT INTO "event_links" ("chronology_id", "view_index", "partnership_id", "expires_at", "wrapped_key", "sealed", "created_at") VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- families::add_member
INSERT INTO "family_members" ("family_id", "person_id", "partnership_id") VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- families::add_member
SELECT "families"."id" FROM ("families" INNER JOIN "people" ON ("people"."id" = ?)) WHERE ((("families"."id" = ?) AND ("families"."partnership_id" = ?)) AND ("people"."partnership_id" = ?))

-- families::facts
SELECT "families"."created_by", "families"."created_by_agency", "families"."expires_at", "families"."version" FROM "families" WHERE ((("families"."partnership_id" = ?) AND ("families"."id" = ?)) AND ("families"."expires_at" > ?))

-- families::find
SELECT "families"."id", "families"."partnership_id", "families"."created_by", "families"."created_by_agency", "families"."expires_at", "families"."wrapped_key", "families"."sealed", "families"."version", "families"."created_at", "families"."updated_at" FROM "families" WHERE ((("families"."partnership_id" = ?) AND ("families"."id" = ?)) AND ("families"."expires_at" > ?))

-- families::insert
INSERT INTO "families" ("id", "partnership_id", "created_by", "created_by_agency", "expires_at", "wrapped_key", "sealed", "version", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- families::latest_expiry_for_person
SELECT max("families"."expires_at") FROM ("family_members" INNER JOIN "families" ON ("families"."id" = "family_members"."family_id")) WHERE (((("family_members"."partnership_id" = ?) AND ("family_members"."person_id" = ?)) AND ("families"."partnership_id" = ?)) AND ("families"."expires_at" > ?))

-- families::latest_referring_expiry
SELECT max("chronologies"."expires_at") FROM "chronologies" WHERE ((("chronologies"."partnership_id" = ?) AND ("chronologies"."family_id" = ?)) AND ("chronologies"."expires_at" > ?))

-- families::latest_referring_expiry
SELECT max("fragments"."expires_at") FROM "fragments" WHERE (((("fragments"."partnership_id" = ?) AND ("fragments"."family_id" = ?)) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?))

-- families::latest_referring_expiry
SELECT max("fragments"."expires_at") FROM ("fragment_origins" INNER JOIN "fragments" ON ("fragments"."id" = "fragment_origins"."fragment_id")) WHERE ((((("fragment_origins"."partnership_id" = ?) AND ("fragment_origins"."family_id" = ?)) AND ("fragments"."partnership_id" = ?) IS TRUE) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?))

-- families::lock
UPDATE "families" SET "version" = "families"."version" WHERE (("families"."partnership_id" = ?) AND ("families"."id" = ?))

-- families::members
SELECT "family_members"."person_id" FROM "family_members" WHERE (("family_members"."partnership_id" = ?) AND ("family_members"."family_id" = ?)) ORDER BY "family_members"."person_id"

-- families::page
SELECT "families"."id", "families"."partnership_id", "families"."created_by", "families"."created_by_agency", "families"."expires_at", "families"."wrapped_key", "families"."sealed", "families"."version", "families"."created_at", "families"."updated_at" FROM "families" WHERE ((("families"."partnership_id" = ?) AND ("families"."created_by_agency" = ?)) AND ("families"."expires_at" > ?)) ORDER BY "families"."created_at", "families"."id" LIMIT ?

-- families::page
SELECT "families"."id", "families"."partnership_id", "families"."created_by", "families"."created_by_agency", "families"."expires_at", "families"."wrapped_key", "families"."sealed", "families"."version", "families"."created_at", "families"."updated_at" FROM "families" WHERE (((("families"."created_by" = ?) AND ("families"."partnership_id" = ?) IS TRUE) AND ("families"."created_by_agency" = ?) IS TRUE) AND ("families"."expires_at" > ?)) ORDER BY "families"."created_at", "families"."id" LIMIT ?

-- families::page
SELECT "families"."id", "families"."partnership_id", "families"."created_by", "families"."created_by_agency", "families"."expires_at", "families"."wrapped_key", "families"."sealed", "families"."version", "families"."created_at", "families"."updated_at" FROM "families" WHERE ((((("families"."partnership_id" = ?) AND ("families"."created_by_agency" = ?)) AND ("families"."expires_at" > ?)) AND ("families"."created_at" >= ?)) AND (("families"."created_at" > ?) OR ("families"."id" > ?))) ORDER BY "families"."created_at", "families"."id" LIMIT ?

-- families::set_lifetime
UPDATE "families" SET "expires_at" = ?, "wrapped_key" = ? WHERE (("families"."partnership_id" = ?) AND ("families"."id" = ?))

-- families::update
UPDATE "families" SET "id" = ?, "partnership_id" = ?, "created_by" = ?, "created_by_agency" = ?, "expires_at" = ?, "wrapped_key" = ?, "sealed" = ?, "version" = ?, "created_at" = ?, "updated_at" = ? WHERE ((("families"."partnership_id" = ?) AND ("families"."id" = ?)) AND ("families"."version" = ?))

-- family_access::chronologies_for_person
SELECT "chronologies"."id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."state", EXISTS (SELECT "chronology_team"."chronology_id", "chronology_team"."practitioner_id", "chronology_team"."partnership_id" FROM "chronology_team" WHERE ((("chronology_team"."partnership_id" = ?) AND ("chronology_team"."practitioner_id" = ?)) AND ("chronology_team"."chronology_id" = "chronologies"."id"))), EXISTS (SELECT "emergency_chronologies"."access_id", "emergency_chronologies"."chronology_id", "emergency_chronologies"."partnership_id", "emergency_chronologies"."practitioner_id", "emergency_chronologies"."owner_id", "emergency_chronologies"."owner_agency_id", "emergency_chronologies"."ends_at", "emergency_accesses"."id", "emergency_accesses"."partnership_id", "emergency_accesses"."practitioner_id", "emergency_accesses"."agency_id", "emergency_accesses"."reason_code", "emergency_accesses"."opened_at", "emergency_accesses"."ends_at", "emergency_accesses"."ended_at", "emergency_accesses"."review_due_at", "emergency_accesses"."reviewed_at", "emergency_accesses"."reviewed_by", "emergency_accesses"."finding", "emergency_accesses"."words_until", "emergency_accesses"."wrapped_key", "emergency_accesses"."sealed", "emergency_accesses"."version" FROM ("emergency_chronologies" INNER JOIN "emergency_accesses" ON ("emergency_accesses"."id" = "emergency_chronologies"."access_id")) WHERE (((((("emergency_chronologies"."partnership_id" = ?) AND ("emergency_chronologies"."chronology_id" = "chronologies"."id")) AND ("emergency_chronologies"."practitioner_id" = ?)) AND ("emergency_chronologies"."ends_at" > ?)) AND ("emergency_accesses"."ends_at" > ?)) AND ("emergency_accesses"."ended_at" IS NULL))) FROM ("family_members" INNER JOIN "chronologies" ON ("chronologies"."family_id" = "family_members"."family_id")) WHERE (((("family_members"."partnership_id" = ?) AND ("family_members"."person_id" = ?)) AND ("chronologies"."partnership_id" = ?) IS TRUE) AND ("chronologies"."expires_at" > ?)) ORDER BY "chronologies"."id"

-- family_access::for_family
SELECT "invitations"."state", EXISTS (SELECT "invitation_practitioners"."invitation_id", "invitation_practitioners"."practitioner_id", "invitation_practitioners"."partnership_id" FROM "invitation_practitioners" WHERE ((("invitation_practitioners"."partnership_id" = ?) AND ("invitation_practitioners"."practitioner_id" = ?)) AND ("invitation_practitioners"."invitation_id" = "invitations"."id"))), "chronologies"."state", "chronologies"."expires_at" FROM ("chronologies" INNER JOIN "invitations" ON ("invitations"."chronology_id" = "chronologies"."id")) WHERE (((((("chronologies"."family_id" = ?) AND ("invitations"."partnership_id" = ?) IS TRUE) AND ("invitations"."agency_id" = ?) IS TRUE) AND ("chronologies"."partnership_id" = ?) IS TRUE) AND ("chronologies"."expires_at" > ?)) AND ("chronologies"."opened_at" IS NOT NULL)) ORDER BY "invitations"."id"

-- family_access::for_person
SELECT "invitations"."state", EXISTS (SELECT "invitation_practitioners"."invitation_id", "invitation_practitioners"."practitioner_id", "invitation_practitioners"."partnership_id" FROM "invitation_practitioners" WHERE ((("invitation_practitioners"."partnership_id" = ?) AND ("invitation_practitioners"."practitioner_id" = ?)) AND ("invitation_practitioners"."invitation_id" = "invitations"."id"))), "chronologies"."state", "chronologies"."expires_at" FROM (("family_members" INNER JOIN "chronologies" ON ("chronologies"."family_id" = "family_members"."family_id")) INNER JOIN "invitations" ON ("invitations"."chronology_id" = "chronologies"."id")) WHERE ((((((("family_members"."partnership_id" = ?) AND ("family_members"."person_id" = ?)) AND ("invitations"."partnership_id" = ?) IS TRUE) AND ("invitations"."agency_id" = ?) IS TRUE) AND ("chronologies"."partnership_id" = ?) IS TRUE) AND ("chronologies"."expires_at" > ?)) AND ("chronologies"."opened_at" IS NOT NULL)) ORDER BY "invitations"."id"

-- fragments::content::current_entries
SELECT "entries"."id", "entries"."fragment_id", "entries"."version", "entries"."partnership_id", "entries"."position", "entries"."marking", "entries"."reference_index", "entries"."sealed" FROM ("fragments" INNER JOIN "entries" ON (("entries"."fragment_id" = "fragments"."id") AND ("entries"."version" = "fragments"."version"))) WHERE (((((("fragments"."chronology_id" = ?) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) AND ("fragments"."partnership_id" = ?) IS TRUE) AND ("entries"."partnership_id" = ?) IS TRUE) AND ("entries"."id" != ALL(?))) ORDER BY "entries"."fragment_id", "entries"."position"

-- fragments::content::entries
SELECT "entries"."id", "entries"."fragment_id", "entries"."version", "entries"."partnership_id", "entries"."position", "entries"."marking", "entries"."reference_index", "entries"."sealed" FROM "entries" WHERE ((("entries"."partnership_id" = ?) AND ("entries"."fragment_id" = ?)) AND ("entries"."version" = ?)) ORDER BY "entries"."position"

-- fragments::content::live_content_excluding
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at", "fragment_versions"."fragment_id", "fragment_versions"."version", "fragment_versions"."partnership_id", "fragment_versions"."expires_at", "fragment_versions"."wrapped_key", "fragment_versions"."sealed", "fragment_versions"."content_index", "fragment_versions"."entry_count", "fragment_versions"."author_id", "fragment_versions"."created_at" FROM ("fragment_versions" INNER JOIN "fragments" ON ("fragments"."id" = "fragment_versions"."fragment_id")) WHERE (((((((("fragments"."partnership_id" = ?) IS TRUE AND ("fragment_versions"."partnership_id" = ?) IS TRUE) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) AND ("fragment_versions"."expires_at" > ?)) AND (("fragments"."chronology_id" IS NULL) OR EXISTS (SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (("chronologies"."id" = "fragments"."chronology_id") AND ("chronologies"."expires_at" > ?))))) AND ("fragments"."chronology_id" = ?)) AND ("fragment_versions"."version" = "fragments"."version")) ORDER BY "fragments"."created_at", "fragments"."id"

-- fragments::content::sizes
SELECT "fragments"."id", length("entries"."sealed") FROM ("fragments" INNER JOIN "entries" ON (("entries"."fragment_id" = "fragments"."id") AND ("entries"."version" = "fragments"."version"))) WHERE (((((("fragments"."partnership_id" = ?) IS TRUE AND ("entries"."partnership_id" = ?) IS TRUE) AND ("fragments"."agency_id" = ?) IS TRUE) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) AND ("fragments"."chronology_id" = ?)) ORDER BY "fragments"."id"

-- fragments::content::sizes
SELECT "fragments"."id", length("entries"."sealed") FROM ("fragments" INNER JOIN "entries" ON (("entries"."fragment_id" = "fragments"."id") AND ("entries"."version" = "fragments"."version"))) WHERE ((((((("fragments"."partnership_id" = ?) IS TRUE AND ("entries"."partnership_id" = ?) IS TRUE) AND ("fragments"."agency_id" = ?) IS TRUE) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) AND ("fragments"."chronology_id" IS NULL)) AND ("fragments"."family_id" = ?)) ORDER BY "fragments"."id"

-- fragments::content::version
SELECT "fragment_versions"."fragment_id", "fragment_versions"."version", "fragment_versions"."partnership_id", "fragment_versions"."expires_at", "fragment_versions"."wrapped_key", "fragment_versions"."sealed", "fragment_versions"."content_index", "fragment_versions"."entry_count", "fragment_versions"."author_id", "fragment_versions"."created_at" FROM ("fragment_versions" INNER JOIN "fragments" ON ("fragments"."id" = "fragment_versions"."fragment_id")) WHERE (((((((("fragments"."partnership_id" = ?) IS TRUE AND ("fragment_versions"."partnership_id" = ?) IS TRUE) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) AND ("fragment_versions"."expires_at" > ?)) AND (("fragments"."chronology_id" IS NULL) OR EXISTS (SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (("chronologies"."id" = "fragments"."chronology_id") AND ("chronologies"."expires_at" > ?))))) AND ("fragment_versions"."fragment_id" = ?)) AND ("fragment_versions"."version" = ?))

-- fragments::content::versions
SELECT "fragment_versions"."fragment_id", "fragment_versions"."version", "fragment_versions"."partnership_id", "fragment_versions"."expires_at", "fragment_versions"."wrapped_key", "fragment_versions"."sealed", "fragment_versions"."content_index", "fragment_versions"."entry_count", "fragment_versions"."author_id", "fragment_versions"."created_at" FROM ("fragment_versions" INNER JOIN "fragments" ON ("fragments"."id" = "fragment_versions"."fragment_id")) WHERE ((((((("fragments"."partnership_id" = ?) IS TRUE AND ("fragment_versions"."partnership_id" = ?) IS TRUE) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) AND ("fragment_versions"."expires_at" > ?)) AND (("fragments"."chronology_id" IS NULL) OR EXISTS (SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (("chronologies"."id" = "fragments"."chronology_id") AND ("chronologies"."expires_at" > ?))))) AND ("fragment_versions"."fragment_id" = ?)) ORDER BY "fragment_versions"."version"

-- fragments::digests
SELECT "fragment_versions"."version", "fragment_versions"."content_index", "fragment_versions"."entry_count" FROM "fragment_versions" WHERE (("fragment_versions"."partnership_id" = ?) AND ("fragment_versions"."fragment_id" = ?)) ORDER BY "fragment_versions"."version"

-- fragments::find
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE (("fragments"."partnership_id" = ?) AND ("fragments"."id" = ?))

-- fragments::find_by_reference
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE (((("fragments"."partnership_id" = ?) AND ("fragments"."agency_id" = ?)) AND ("fragments"."reference_index" = ?)) AND ("fragments"."chronology_id" = ?))

-- fragments::frozen::current_versions
SELECT "entries"."id", "entries"."fragment_id", "entries"."version", "entries"."partnership_id", "entries"."position", "entries"."marking", "entries"."reference_index", "entries"."sealed" FROM "entries" WHERE (("entries"."fragment_id" = ?) AND ("entries"."version" = ?)) ORDER BY "entries"."position"

-- fragments::frozen::current_versions
SELECT "fragment_versions"."fragment_id", "fragment_versions"."version", "fragment_versions"."partnership_id", "fragment_versions"."expires_at", "fragment_versions"."wrapped_key", "fragment_versions"."sealed", "fragment_versions"."content_index", "fragment_versions"."entry_count", "fragment_versions"."author_id", "fragment_versions"."created_at" FROM (("fragment_versions" INNER JOIN "fragments" ON ("fragments"."id" = "fragment_versions"."fragment_id")) INNER JOIN "consolidation_fragments" ON ("consolidation_fragments"."fragment_id" = "fragments"."id")) WHERE ((((((((("fragments"."partnership_id" = ?) IS TRUE AND ("fragment_versions"."partnership_id" = ?) IS TRUE) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) AND ("fragment_versions"."expires_at" > ?)) AND (("fragments"."chronology_id" IS NULL) OR EXISTS (SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (("chronologies"."id" = "fragments"."chronology_id") AND ("chronologies"."expires_at" > ?))))) AND ("consolidation_fragments"."consolidation_id" = ?)) AND ("consolidation_fragments"."version" != "fragments"."version")) AND ("fragment_versions"."version" = "fragments"."version"))

-- fragments::frozen::frozen_content_excluding
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at", "fragment_versions"."fragment_id", "fragment_versions"."version", "fragment_versions"."partnership_id", "fragment_versions"."expires_at", "fragment_versions"."wrapped_key", "fragment_versions"."sealed", "fragment_versions"."content_index", "fragment_versions"."entry_count", "fragment_versions"."author_id", "fragment_versions"."created_at" FROM (("fragment_versions" INNER JOIN "fragments" ON ("fragments"."id" = "fragment_versions"."fragment_id")) INNER JOIN "consolidation_fragments" ON (("consolidation_fragments"."fragment_id" = "fragment_versions"."fragment_id") AND ("consolidation_fragments"."version" = "fragment_versions"."version"))) WHERE (((((((("fragments"."partnership_id" = ?) IS TRUE AND ("fragment_versions"."partnership_id" = ?) IS TRUE) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) AND ("fragment_versions"."expires_at" > ?)) AND (("fragments"."chronology_id" IS NULL) OR EXISTS (SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (("chronologies"."id" = "fragments"."chronology_id") AND ("chronologies"."expires_at" > ?))))) AND ("consolidation_fragments"."consolidation_id" = ?)) AND ("fragments"."chronology_id" = ?)) ORDER BY "fragments"."created_at", "fragments"."id"

-- fragments::frozen::frozen_entries
SELECT "entries"."id", "entries"."fragment_id", "entries"."version", "entries"."partnership_id", "entries"."position", "entries"."marking", "entries"."reference_index", "entries"."sealed" FROM ("consolidation_fragments" INNER JOIN "entries" ON (("entries"."fragment_id" = "consolidation_fragments"."fragment_id") AND ("entries"."version" = "consolidation_fragments"."version"))) WHERE ((("consolidation_fragments"."consolidation_id" = ?) AND ("consolidation_fragments"."partnership_id" = ?)) AND ("entries"."id" != ALL(?))) ORDER BY "entries"."fragment_id", "entries"."position"

-- fragments::insert
INSERT INTO "fragments" ("id", "partnership_id", "agency_id", "chronology_id", "family_id", "child_id", "proxy_by_agency", "reference_index", "state", "author_id", "expires_at", "wrapped_until", "version", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- fragments::insert_version
INSERT INTO "entries" ("id", "fragment_id", "version", "partnership_id", "position", "marking", "reference_index", "sealed") VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- fragments::insert_version
INSERT INTO "fragment_versions" ("fragment_id", "version", "partnership_id", "expires_at", "wrapped_key", "sealed", "content_index", "entry_count", "author_id", "created_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- fragments::list
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE ((("fragments"."partnership_id" = ?) AND ("fragments"."chronology_id" = ?)) AND ("fragments"."expires_at" > ?)) ORDER BY "fragments"."created_at", "fragments"."id"

-- fragments::list_advance_for_agency
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE ((((("fragments"."partnership_id" = ?) IS TRUE AND ("fragments"."agency_id" = ?)) AND ("fragments"."chronology_id" IS NULL)) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) ORDER BY "fragments"."created_at", "fragments"."id"

-- fragments::list_advance_for_family
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE ((((("fragments"."partnership_id" = ?) IS TRUE AND ("fragments"."family_id" = ?)) AND ("fragments"."chronology_id" IS NULL)) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?)) ORDER BY "fragments"."created_at", "fragments"."id"

-- fragments::page_for_agency
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE ((("fragments"."expires_at" > ?) AND ("fragments"."partnership_id" = ?)) AND ("fragments"."agency_id" = ?)) ORDER BY "fragments"."created_at", "fragments"."id" LIMIT ?

-- fragments::page_for_agency
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE (((("fragments"."expires_at" > ?) AND ("fragments"."author_id" = ?)) AND ("fragments"."partnership_id" = ?) IS TRUE) AND ("fragments"."agency_id" = ?) IS TRUE) ORDER BY "fragments"."created_at", "fragments"."id" LIMIT ?

-- fragments::page_for_agency
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE (((((("fragments"."expires_at" > ?) AND ("fragments"."author_id" = ?)) AND ("fragments"."partnership_id" = ?) IS TRUE) AND ("fragments"."agency_id" = ?) IS TRUE) AND ("fragments"."created_at" >= ?)) AND (("fragments"."created_at" > ?) OR ("fragments"."id" > ?))) ORDER BY "fragments"."created_at", "fragments"."id" LIMIT ?

-- fragments::reseal_entry
UPDATE "entries" SET "sealed" = ? WHERE (((("entries"."partnership_id" = ?) AND ("entries"."fragment_id" = ?)) AND ("entries"."version" = ?)) AND ("entries"."id" = ?))

-- fragments::set_version_lifetime
UPDATE "fragment_versions" SET "expires_at" = ?, "wrapped_key" = ? WHERE ((("fragment_versions"."partnership_id" = ?) AND ("fragment_versions"."fragment_id" = ?)) AND ("fragment_versions"."version" = ?))

-- fragments::update
UPDATE "fragments" SET "id" = ?, "partnership_id" = ?, "agency_id" = ?, "chronology_id" = ?, "family_id" = ?, "child_id" = ?, "proxy_by_agency" = ?, "reference_index" = ?, "state" = ?, "author_id" = ?, "expires_at" = ?, "wrapped_until" = ?, "version" = ?, "created_at" = ?, "updated_at" = ? WHERE ((("fragments"."partnership_id" = ?) AND ("fragments"."id" = ?)) AND ("fragments"."version" = ?))

-- holds::count_overdue
SELECT COUNT(*) FROM "holds" WHERE (("holds"."released_at" IS NULL) AND ("holds"."review_at" <= ?))

-- holds::delete_expired_reasons
SELECT "holds"."id" FROM "holds" WHERE (("holds"."words_until" <= ?) AND ("holds"."sealed" IS NOT NULL)) ORDER BY "holds"."words_until", "holds"."id" LIMIT ?

-- holds::delete_expired_reasons
UPDATE "holds" SET "wrapped_key" = ?, "sealed" = ? WHERE ("holds"."id" = ANY(?))

-- holds::find
SELECT "holds"."id", "holds"."partnership_id", "holds"."scope", "holds"."target_id", "holds"."review_at", "holds"."placed_by", "holds"."placed_at", "holds"."released_by", "holds"."released_at", "holds"."words_until", "holds"."wrapped_key", "holds"."sealed", "holds"."version", "holds"."awaiting", "holds"."confirmed_by" FROM "holds" WHERE (("holds"."partnership_id" = ?) AND ("holds"."id" = ?)) LIMIT ?

-- holds::insert
INSERT INTO "holds" ("id", "partnership_id", "scope", "target_id", "review_at", "placed_by", "placed_at", "released_by", "released_at", "words_until", "wrapped_key", "sealed", "version", "awaiting", "confirmed_by") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- holds::is_held
SELECT "holds"."id" FROM "holds" WHERE (((("holds"."partnership_id" = ?) AND ("holds"."awaiting" = ?)) AND (("holds"."released_at" IS NULL) OR ("holds"."released_at" > ?))) AND ((("holds"."scope" = ?) OR (("holds"."scope" = ?) AND ("holds"."target_id" = ?))) OR (("holds"."scope" = ?) AND ("holds"."target_id" = ANY(?))))) LIMIT ?

-- holds::list_without_expiry
SELECT "holds"."id", "holds"."partnership_id", "holds"."scope", "holds"."target_id", "holds"."review_at", "holds"."placed_by", "holds"."placed_at", "holds"."released_by", "holds"."released_at", "holds"."words_until", "holds"."wrapped_key", "holds"."sealed", "holds"."version", "holds"."awaiting", "holds"."confirmed_by" FROM "holds" WHERE (("holds"."words_until" IS NULL) AND ("holds"."sealed" IS NOT NULL)) ORDER BY "holds"."id" LIMIT ?

-- holds::page
SELECT "holds"."id", "holds"."partnership_id", "holds"."scope", "holds"."target_id", "holds"."review_at", "holds"."placed_by", "holds"."placed_at", "holds"."released_by", "holds"."released_at", "holds"."words_until", "holds"."wrapped_key", "holds"."sealed", "holds"."version", "holds"."awaiting", "holds"."confirmed_by" FROM "holds" WHERE ("holds"."partnership_id" = ?) ORDER BY "holds"."placed_at", "holds"."id" LIMIT ?

-- holds::set_reasons_expiry
UPDATE "holds" SET "id" = ?, "partnership_id" = ?, "scope" = ?, "target_id" = ?, "review_at" = ?, "placed_by" = ?, "placed_at" = ?, "released_by" = ?, "released_at" = ?, "words_until" = ?, "wrapped_key" = ?, "sealed" = ?, "version" = ?, "awaiting" = ?, "confirmed_by" = ? WHERE ((("holds"."partnership_id" = ?) AND ("holds"."id" = ?)) AND ("holds"."words_until" IS NULL))

-- holds::update
UPDATE "holds" SET "id" = ?, "partnership_id" = ?, "scope" = ?, "target_id" = ?, "review_at" = ?, "placed_by" = ?, "placed_at" = ?, "released_by" = ?, "released_at" = ?, "words_until" = ?, "wrapped_key" = ?, "sealed" = ?, "version" = ?, "awaiting" = ?, "confirmed_by" = ? WHERE ((("holds"."partnership_id" = ?) AND ("holds"."id" = ?)) AND ("holds"."version" = ?))

-- idempotency::find
SELECT "idempotency"."partnership_id", "idempotency"."practitioner_id", "idempotency"."key_index", "idempotency"."fingerprint", "idempotency"."object_id", "idempotency"."outcome", "idempotency"."expires_at", "idempotency"."created_at" FROM "idempotency" WHERE (((("idempotency"."partnership_id" = ?) AND ("idempotency"."practitioner_id" = ?)) AND ("idempotency"."key_index" = ?)) AND ("idempotency"."expires_at" > ?))

-- idempotency::insert
DELETE FROM "idempotency" WHERE (((("idempotency"."partnership_id" = ?) AND ("idempotency"."practitioner_id" = ?)) AND ("idempotency"."key_index" = ?)) AND ("idempotency"."expires_at" <= ?))

-- idempotency::insert
INSERT INTO "idempotency" ("partnership_id", "practitioner_id", "key_index", "fingerprint", "object_id", "outcome", "expires_at", "created_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- invitations::find
SELECT "invitations"."id", "invitations"."partnership_id", "invitations"."chronology_id", "invitations"."agency_id", "invitations"."state", "invitations"."due_at", "invitations"."viewed_at", "invitations"."drafting_at", "invitations"."answered_at", "invitations"."decline_reason", "invitations"."answered_by", "invitations"."wrapped_key", "invitations"."sealed", "invitations"."version", "invitations"."created_at", "invitations"."updated_at" FROM "invitations" WHERE (("invitations"."partnership_id" = ?) AND ("invitations"."id" = ?))

-- invitations::find_for_agency
SELECT "invitations"."id", "invitations"."partnership_id", "invitations"."chronology_id", "invitations"."agency_id", "invitations"."state", "invitations"."due_at", "invitations"."viewed_at", "invitations"."drafting_at", "invitations"."answered_at", "invitations"."decline_reason", "invitations"."answered_by", "invitations"."wrapped_key", "invitations"."sealed", "invitations"."version", "invitations"."created_at", "invitations"."updated_at" FROM "invitations" WHERE ((("invitations"."partnership_id" = ?) AND ("invitations"."chronology_id" = ?)) AND ("invitations"."agency_id" = ?))

-- invitations::insert
INSERT INTO "invitations" ("id", "partnership_id", "chronology_id", "agency_id", "state", "due_at", "viewed_at", "drafting_at", "answered_at", "decline_reason", "answered_by", "wrapped_key", "sealed", "version", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- invitations::list
SELECT "invitations"."id", "invitations"."partnership_id", "invitations"."chronology_id", "invitations"."agency_id", "invitations"."state", "invitations"."due_at", "invitations"."viewed_at", "invitations"."drafting_at", "invitations"."answered_at", "invitations"."decline_reason", "invitations"."answered_by", "invitations"."wrapped_key", "invitations"."sealed", "invitations"."version", "invitations"."created_at", "invitations"."updated_at" FROM "invitations" WHERE (("invitations"."partnership_id" = ?) AND ("invitations"."chronology_id" = ?)) ORDER BY "invitations"."created_at", "invitations"."id"

-- invitations::page_for_agency
SELECT "invitations"."id", "invitations"."partnership_id", "invitations"."chronology_id", "invitations"."agency_id", "invitations"."state", "invitations"."due_at", "invitations"."viewed_at", "invitations"."drafting_at", "invitations"."answered_at", "invitations"."decline_reason", "invitations"."answered_by", "invitations"."wrapped_key", "invitations"."sealed", "invitations"."version", "invitations"."created_at", "invitations"."updated_at" FROM ("invitations" INNER JOIN "chronologies" ON ("chronologies"."id" = "invitations"."chronology_id")) WHERE ((((("chronologies"."partnership_id" = ?) IS TRUE AND NOT (("chronologies"."expires_at" <= ?))) AND ("chronologies"."opened_at" IS NOT NULL)) AND ("invitations"."partnership_id" = ?)) AND ("invitations"."agency_id" = ?)) ORDER BY "invitations"."created_at", "invitations"."id" LIMIT ?

-- invitations::page_for_agency
SELECT "invitations"."id", "invitations"."partnership_id", "invitations"."chronology_id", "invitations"."agency_id", "invitations"."state", "invitations"."due_at", "invitations"."viewed_at", "invitations"."drafting_at", "invitations"."answered_at", "invitations"."decline_reason", "invitations"."answered_by", "invitations"."wrapped_key", "invitations"."sealed", "invitations"."version", "invitations"."created_at", "invitations"."updated_at" FROM ("invitations" INNER JOIN "chronologies" ON ("chronologies"."id" = "invitations"."chronology_id")) WHERE (((((("chronologies"."partnership_id" = ?) IS TRUE AND NOT (("chronologies"."expires_at" <= ?))) AND ("chronologies"."opened_at" IS NOT NULL)) AND ("invitations"."partnership_id" = ?) IS TRUE) AND ("invitations"."agency_id" = ?) IS TRUE) AND ("invitations"."id" = ANY(SELECT "invitation_practitioners"."invitation_id" FROM "invitation_practitioners" WHERE (("invitation_practitioners"."partnership_id" = ?) IS TRUE AND ("invitation_practitioners"."practitioner_id" = ?))))) ORDER BY "invitations"."created_at", "invitations"."id" LIMIT ?

-- invitations::past_due
SELECT "invitations"."id", "invitations"."partnership_id", "invitations"."chronology_id", "invitations"."agency_id", "invitations"."state", "invitations"."due_at", "invitations"."viewed_at", "invitations"."drafting_at", "invitations"."answered_at", "invitations"."decline_reason", "invitations"."answered_by", "invitations"."wrapped_key", "invitations"."sealed", "invitations"."version", "invitations"."created_at", "invitations"."updated_at" FROM "invitations" WHERE ((("invitations"."state" = ?) AND ("invitations"."due_at" <= ?)) AND EXISTS (SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE ((("chronologies"."id" = "invitations"."chronology_id") AND ("chronologies"."state" = ANY(?))) AND ("chronologies"."expires_at" > ?)))) ORDER BY "invitations"."due_at", "invitations"."id" LIMIT ?

-- invitations::practitioners
SELECT "invitation_practitioners"."practitioner_id" FROM "invitation_practitioners" WHERE (("invitation_practitioners"."partnership_id" = ?) AND ("invitation_practitioners"."invitation_id" = ?)) ORDER BY "invitation_practitioners"."practitioner_id"

-- invitations::set_practitioners
DELETE FROM "invitation_practitioners" WHERE (("invitation_practitioners"."partnership_id" = ?) AND ("invitation_practitioners"."invitation_id" = ?))

-- invitations::set_practitioners
INSERT INTO "invitation_practitioners" ("invitation_id", "practitioner_id", "partnership_id") VALUES (?, ?, ?)

-- invitations::set_wrapped_key
UPDATE "invitations" SET "wrapped_key" = ? WHERE (("invitations"."partnership_id" = ?) AND ("invitations"."id" = ?))

-- invitations::update
UPDATE "invitations" SET "id" = ?, "partnership_id" = ?, "chronology_id" = ?, "agency_id" = ?, "state" = ?, "due_at" = ?, "viewed_at" = ?, "drafting_at" = ?, "answered_at" = ?, "decline_reason" = ?, "answered_by" = ?, "wrapped_key" = ?, "sealed" = ?, "version" = ?, "created_at" = ?, "updated_at" = ? WHERE ((("invitations"."partnership_id" = ?) AND ("invitations"."id" = ?)) AND ("invitations"."version" = ?))

-- link_decisions::count
SELECT COUNT(*) FROM "link_decisions"

-- link_decisions::entries
SELECT "link_decision_entries"."decision_id", "link_decision_entries"."entry_id", "link_decision_entries"."partnership_id", "link_decision_entries"."fragment_id", "link_decision_entries"."side" FROM "link_decision_entries" WHERE (("link_decision_entries"."partnership_id" = ?) AND ("link_decision_entries"."decision_id" = ANY(?))) ORDER BY "link_decision_entries"."decision_id", "link_decision_entries"."side", "link_decision_entries"."entry_id"

-- link_decisions::find
SELECT "link_decisions"."id", "link_decisions"."partnership_id", "link_decisions"."chronology_id", "link_decisions"."verdict", "link_decisions"."author_id", "link_decisions"."expires_at", "link_decisions"."wrapped_key", "link_decisions"."sealed", "link_decisions"."withdrawn_at", "link_decisions"."withdrawn_by", "link_decisions"."version", "link_decisions"."created_at", "link_decisions"."updated_at" FROM "link_decisions" WHERE (("link_decisions"."partnership_id" = ?) AND ("link_decisions"."id" = ?))

-- link_decisions::insert
INSERT INTO "link_decision_entries" ("decision_id", "entry_id", "partnership_id", "fragment_id", "side") VALUES (?, ?, ?, ?, ?)

-- link_decisions::insert
INSERT INTO "link_decisions" ("id", "partnership_id", "chronology_id", "verdict", "author_id", "expires_at", "wrapped_key", "sealed", "withdrawn_at", "withdrawn_by", "version", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- link_decisions::list_active
SELECT "link_decisions"."id", "link_decisions"."partnership_id", "link_decisions"."chronology_id", "link_decisions"."verdict", "link_decisions"."author_id", "link_decisions"."expires_at", "link_decisions"."wrapped_key", "link_decisions"."sealed", "link_decisions"."withdrawn_at", "link_decisions"."withdrawn_by", "link_decisions"."version", "link_decisions"."created_at", "link_decisions"."updated_at" FROM "link_decisions" WHERE ((("link_decisions"."partnership_id" = ?) AND ("link_decisions"."chronology_id" = ?)) AND ("link_decisions"."withdrawn_at" IS NULL)) ORDER BY "link_decisions"."created_at", "link_decisions"."id"

-- link_decisions::page
SELECT "link_decisions"."id", "link_decisions"."partnership_id", "link_decisions"."chronology_id", "link_decisions"."verdict", "link_decisions"."author_id", "link_decisions"."expires_at", "link_decisions"."wrapped_key", "link_decisions"."sealed", "link_decisions"."withdrawn_at", "link_decisions"."withdrawn_by", "link_decisions"."version", "link_decisions"."created_at", "link_decisions"."updated_at" FROM "link_decisions" WHERE (("link_decisions"."partnership_id" = ?) AND ("link_decisions"."chronology_id" = ?)) ORDER BY "link_decisions"."created_at", "link_decisions"."id" LIMIT ?

-- link_decisions::remove_fragment
DELETE FROM "link_decision_entries" WHERE ((("link_decision_entries"."partnership_id" = ?) AND ("link_decision_entries"."decision_id" = ?)) AND ("link_decision_entries"."fragment_id" = ?))

-- link_decisions::remove_fragment
DELETE FROM "link_decisions" WHERE (("link_decisions"."partnership_id" = ?) AND ("link_decisions"."id" = ?))

-- link_decisions::remove_fragment
SELECT COUNT(*) FROM "link_decision_entries" WHERE (("link_decision_entries"."partnership_id" = ?) AND ("link_decision_entries"."decision_id" = ?))

-- link_decisions::remove_fragment
SELECT DISTINCT "link_decision_entries"."decision_id" FROM "link_decision_entries" WHERE (("link_decision_entries"."partnership_id" = ?) AND ("link_decision_entries"."fragment_id" = ?))

-- link_decisions::remove_fragment
UPDATE "link_decisions" SET "wrapped_key" = ?, "sealed" = ? WHERE (("link_decisions"."partnership_id" = ?) AND ("link_decisions"."id" = ?))

-- link_decisions::set_lifetime
UPDATE "link_decisions" SET "expires_at" = ?, "wrapped_key" = ? WHERE (("link_decisions"."partnership_id" = ?) AND ("link_decisions"."id" = ?))

-- link_decisions::update
UPDATE "link_decisions" SET "id" = ?, "partnership_id" = ?, "chronology_id" = ?, "verdict" = ?, "author_id" = ?, "expires_at" = ?, "wrapped_key" = ?, "sealed" = ?, "withdrawn_at" = ?, "withdrawn_by" = ?, "version" = ?, "created_at" = ?, "updated_at" = ? WHERE ((("link_decisions"."partnership_id" = ?) AND ("link_decisions"."id" = ?)) AND ("link_decisions"."version" = ?))

-- origins::delete
DELETE FROM "fragment_origins" WHERE (("fragment_origins"."partnership_id" = ?) AND ("fragment_origins"."fragment_id" = ?))

-- origins::find
SELECT "fragment_origins"."fragment_id", "fragment_origins"."partnership_id", "fragment_origins"."chronology_id", "fragment_origins"."family_id", "fragment_origins"."asked_expiry", "fragment_origins"."created_at" FROM "fragment_origins" WHERE (("fragment_origins"."partnership_id" = ?) AND ("fragment_origins"."fragment_id" = ?))

-- origins::insert
INSERT INTO "fragment_origins" ("fragment_id", "partnership_id", "chronology_id", "family_id", "asked_expiry", "created_at") VALUES (?, ?, ?, ?, ?, ?)

-- origins::list_for_chronology
SELECT "fragment_origins"."fragment_id", "fragment_origins"."partnership_id", "fragment_origins"."chronology_id", "fragment_origins"."family_id", "fragment_origins"."asked_expiry", "fragment_origins"."created_at" FROM "fragment_origins" WHERE (("fragment_origins"."partnership_id" = ?) AND ("fragment_origins"."chronology_id" = ?)) ORDER BY "fragment_origins"."fragment_id"

-- origins::set_asked_expiry
UPDATE "fragment_origins" SET "asked_expiry" = ? WHERE (("fragment_origins"."partnership_id" = ?) AND ("fragment_origins"."fragment_id" = ?))

-- outbox::claim
SELECT "outbox"."id", "outbox"."partnership_id", "outbox"."event", "outbox"."subject_kind", "outbox"."subject_id", "outbox"."created_at", "outbox"."attempts", "outbox"."not_before", "outbox"."claimed_until" FROM "outbox" WHERE ((("outbox"."not_before" <= ?) AND (("outbox"."claimed_until" IS NULL) OR ("outbox"."claimed_until" <= ?))) AND ("outbox"."event" = ANY(?))) ORDER BY "outbox"."not_before", "outbox"."id" LIMIT ? FOR UPDATE SKIP LOCKED

-- outbox::claim
UPDATE "outbox" SET "claimed_until" = ? WHERE ("outbox"."id" = ANY(?))

-- outbox::complete
DELETE FROM "outbox" WHERE ("outbox"."id" = ANY(?))

-- outbox::delete_of_chronology
DELETE FROM "outbox" WHERE ((("outbox"."partnership_id" = ?) AND ("outbox"."subject_kind" = ?)) AND ("outbox"."subject_id" = ANY(SELECT "fragments"."id" FROM "fragments" WHERE (("fragments"."partnership_id" = ?) AND ("fragments"."chronology_id" = ?)))))

-- outbox::delete_of_subject
DELETE FROM "outbox" WHERE ((("outbox"."partnership_id" = ?) AND ("outbox"."subject_kind" = ?)) AND ("outbox"."subject_id" = ?))

-- outbox::fail
UPDATE "outbox" SET "attempts" = ("outbox"."attempts" + ?), "not_before" = ?, "claimed_until" = ? WHERE ("outbox"."id" = ?)

-- outbox::insert
INSERT INTO "outbox" ("id", "partnership_id", "event", "subject_kind", "subject_id", "created_at", "attempts", "not_before", "claimed_until") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- outbox::oldest
SELECT "outbox"."created_at" FROM "outbox" ORDER BY "outbox"."id" LIMIT ?

-- partnerships::find_by_code
SELECT "partnerships"."id", "partnerships"."code", "partnerships"."name", "partnerships"."created_at" FROM "partnerships" WHERE ("partnerships"."code" = ?)

-- partnerships::list_all
SELECT "partnerships"."id", "partnerships"."code", "partnerships"."name", "partnerships"."created_at" FROM "partnerships"

-- partnerships::upsert
INSERT INTO "partnerships" ("id", "code", "name", "created_at") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- partnerships::upsert
UPDATE "partnerships" SET "name" = ? WHERE ("partnerships"."code" = ?)

-- people::facts
SELECT "people"."kind", "people"."created_by", "people"."created_by_agency", "people"."expires_at", "people"."version" FROM "people" WHERE ((("people"."partnership_id" = ?) AND ("people"."id" = ?)) AND ("people"."expires_at" > ?))

-- people::families_of
SELECT "family_members"."family_id" FROM "family_members" WHERE (("family_members"."partnership_id" = ?) AND ("family_members"."person_id" = ?)) ORDER BY "family_members"."family_id"

-- people::find_many
SELECT "people"."id", "people"."partnership_id", "people"."kind", "people"."created_by", "people"."created_by_agency", "people"."expires_at", "people"."wrapped_key", "people"."sealed", "people"."version", "people"."created_at", "people"."updated_at" FROM "people" WHERE ((("people"."partnership_id" = ?) IS TRUE AND ("people"."id" = ANY(?))) AND ("people"."expires_at" > ?)) ORDER BY "people"."id"

-- people::ids_by_token
SELECT "people"."id" FROM ("person_keys" INNER JOIN "people" ON ("people"."id" = "person_keys"."person_id")) WHERE ((((("person_keys"."partnership_id" = ?) AND ("person_keys"."kind" = ?)) AND ("person_keys"."token" = ?)) AND ("people"."partnership_id" = ?)) AND ("people"."expires_at" > ?)) ORDER BY "people"."id"

-- people::insert
INSERT INTO "people" ("id", "partnership_id", "kind", "created_by", "created_by_agency", "expires_at", "wrapped_key", "sealed", "version", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- people::insert_keys, people::replace_keys
INSERT INTO "person_keys" ("person_id", "partnership_id", "kind", "token") VALUES (?, ?, ?, ?)

-- people::replace_keys
DELETE FROM "person_keys" WHERE ((("person_keys"."partnership_id" = ?) AND ("person_keys"."person_id" = ?)) AND ("person_keys"."kind" = ?))

-- people::set_lifetime
UPDATE "people" SET "expires_at" = ?, "wrapped_key" = ? WHERE (("people"."partnership_id" = ?) AND ("people"."id" = ?))

-- people::update
DELETE FROM "person_keys" WHERE (("person_keys"."partnership_id" = ?) AND ("person_keys"."person_id" = ?))

-- people::update
UPDATE "people" SET "id" = ?, "partnership_id" = ?, "kind" = ?, "created_by" = ?, "created_by_agency" = ?, "expires_at" = ?, "wrapped_key" = ?, "sealed" = ?, "version" = ?, "created_at" = ?, "updated_at" = ? WHERE ((("people"."partnership_id" = ?) AND ("people"."id" = ?)) AND ("people"."version" = ?))

-- person_links::advance_families_with_person
SELECT "fragments"."family_id", "fragments"."agency_id" FROM (("fragments" INNER JOIN "family_members" ON ("family_members"."family_id" = "fragments"."family_id")) INNER JOIN "invitations" ON ("invitations"."agency_id" = "fragments"."agency_id")) WHERE (((((((("fragments"."partnership_id" = ?) IS TRUE AND ("fragments"."chronology_id" IS NULL)) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?) IS TRUE) AND ("family_members"."partnership_id" = ?) IS TRUE) AND ("family_members"."person_id" = ?)) AND ("invitations"."partnership_id" = ?) IS TRUE) AND ("invitations"."chronology_id" = ?)) ORDER BY "fragments"."created_at", "fragments"."id"

-- person_links::delete
DELETE FROM "person_links" WHERE ((("person_links"."partnership_id" = ?) AND ("person_links"."id" = ?)) AND ("person_links"."version" = ?))

-- person_links::families_with_advance_fragments
SELECT DISTINCT "fragments"."family_id" FROM ((("person_keys" INNER JOIN "people" ON ("people"."id" = "person_keys"."person_id")) INNER JOIN "family_members" ON ("family_members"."person_id" = "person_keys"."person_id")) INNER JOIN "fragments" ON ("fragments"."family_id" = "family_members"."family_id")) WHERE ((((((((((("person_keys"."partnership_id" = ?) AND ("person_keys"."kind" = ?)) AND ("person_keys"."token" = ANY(?))) AND ("people"."kind" = ?)) AND ("people"."expires_at" > ?)) AND ("family_members"."partnership_id" = ?) IS TRUE) AND ("fragments"."partnership_id" = ?) IS TRUE) AND ("fragments"."agency_id" = ?)) AND ("fragments"."chronology_id" IS NULL)) AND ("fragments"."state" = ?)) AND ("fragments"."expires_at" > ?))

-- person_links::find
SELECT "person_links"."id", "person_links"."partnership_id", "person_links"."chronology_id", "person_links"."their_person_id", "person_links"."our_person_id", "person_links"."band", "person_links"."state", "person_links"."verdict", "person_links"."decided_by", "person_links"."expires_at", "person_links"."wrapped_key", "person_links"."sealed", "person_links"."version", "person_links"."created_at", "person_links"."updated_at" FROM "person_links" WHERE (((("person_links"."partnership_id" = ?) AND ("person_links"."chronology_id" = ?)) AND ("person_links"."id" = ?)) AND ("person_links"."expires_at" > ?))

-- person_links::insert
INSERT INTO "person_links" ("id", "partnership_id", "chronology_id", "their_person_id", "our_person_id", "band", "state", "verdict", "decided_by", "expires_at", "wrapped_key", "sealed", "version", "created_at", "updated_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- person_links::inviting_chronologies
SELECT DISTINCT "chronologies"."id" FROM (((("person_keys" INNER JOIN "people" ON ("people"."id" = "person_keys"."person_id")) INNER JOIN "family_members" ON ("family_members"."person_id" = "person_keys"."person_id")) INNER JOIN "chronologies" ON ("chronologies"."family_id" = "family_members"."family_id")) INNER JOIN "invitations" ON ("invitations"."chronology_id" = "chronologies"."id")) WHERE ((((((((((("person_keys"."partnership_id" = ?) AND ("person_keys"."kind" = ?)) AND ("person_keys"."token" = ANY(?))) AND ("people"."kind" = ?)) AND ("people"."expires_at" > ?)) AND ("family_members"."partnership_id" = ?) IS TRUE) AND ("chronologies"."partnership_id" = ?) IS TRUE) AND ("chronologies"."opened_at" IS NOT NULL)) AND ("chronologies"."expires_at" > ?)) AND ("invitations"."partnership_id" = ?) IS TRUE) AND ("invitations"."agency_id" = ?))

-- person_links::list_for_chronology
SELECT "person_links"."id", "person_links"."partnership_id", "person_links"."chronology_id", "person_links"."their_person_id", "person_links"."our_person_id", "person_links"."band", "person_links"."state", "person_links"."verdict", "person_links"."decided_by", "person_links"."expires_at", "person_links"."wrapped_key", "person_links"."sealed", "person_links"."version", "person_links"."created_at", "person_links"."updated_at" FROM "person_links" WHERE ((("person_links"."partnership_id" = ?) AND ("person_links"."chronology_id" = ?)) AND ("person_links"."expires_at" > ?)) ORDER BY "person_links"."created_at", "person_links"."id"

-- person_links::list_for_person
SELECT "person_links"."id", "person_links"."partnership_id", "person_links"."chronology_id", "person_links"."their_person_id", "person_links"."our_person_id", "person_links"."band", "person_links"."state", "person_links"."verdict", "person_links"."decided_by", "person_links"."expires_at", "person_links"."wrapped_key", "person_links"."sealed", "person_links"."version", "person_links"."created_at", "person_links"."updated_at", "chronologies"."expires_at" FROM ("person_links" INNER JOIN "chronologies" ON ("chronologies"."id" = "person_links"."chronology_id")) WHERE (((("person_links"."partnership_id" = ?) AND (("person_links"."their_person_id" = ?) OR ("person_links"."our_person_id" = ?))) AND ("person_links"."expires_at" > ?)) AND ("chronologies"."expires_at" > ?)) ORDER BY "person_links"."id"

-- person_links::list_for_their_people
SELECT "person_links"."id", "person_links"."partnership_id", "person_links"."chronology_id", "person_links"."their_person_id", "person_links"."our_person_id", "person_links"."band", "person_links"."state", "person_links"."verdict", "person_links"."decided_by", "person_links"."expires_at", "person_links"."wrapped_key", "person_links"."sealed", "person_links"."version", "person_links"."created_at", "person_links"."updated_at" FROM "person_links" WHERE (((("person_links"."partnership_id" = ?) AND ("person_links"."chronology_id" = ?)) AND ("person_links"."their_person_id" = ANY(?))) AND ("person_links"."expires_at" > ?)) ORDER BY "person_links"."created_at", "person_links"."id"

-- person_links::set_lifetime
UPDATE "person_links" SET "expires_at" = ?, "wrapped_key" = ? WHERE (("person_links"."partnership_id" = ?) AND ("person_links"."id" = ?))

-- person_links::tokens_of
SELECT "person_keys"."token" FROM "person_keys" WHERE ((("person_keys"."partnership_id" = ?) IS TRUE AND ("person_keys"."person_id" = ANY(?))) AND ("person_keys"."kind" = ?))

-- person_links::update
UPDATE "person_links" SET "id" = ?, "partnership_id" = ?, "chronology_id" = ?, "their_person_id" = ?, "our_person_id" = ?, "band" = ?, "state" = ?, "verdict" = ?, "decided_by" = ?, "expires_at" = ?, "wrapped_key" = ?, "sealed" = ?, "version" = ?, "created_at" = ?, "updated_at" = ? WHERE ((("person_links"."partnership_id" = ?) AND ("person_links"."id" = ?)) AND ("person_links"."version" = ?))

-- practitioners::confirm
UPDATE "practitioners" SET "provisional_until" = ? WHERE (("practitioners"."partnership_id" = ?) IS TRUE AND ("practitioners"."id" = ANY(?)))

-- practitioners::count_provisional
SELECT "practitioners"."id" FROM "practitioners" WHERE ((("practitioners"."partnership_id" = ?) IS TRUE AND ("practitioners"."agency_id" = ?)) AND ("practitioners"."provisional_until" > ?)) LIMIT ?

-- practitioners::erase_provisional
SELECT "practitioners"."id" FROM "practitioners" WHERE (("practitioners"."provisional_until" > ?) AND ("practitioners"."provisional_until" <= ?)) ORDER BY "practitioners"."provisional_until" LIMIT ?

-- practitioners::erase_provisional
UPDATE "practitioners" SET "subject_index" = ?, "wrapped_key" = ?, "sealed" = ?, "active" = ?, "provisional_until" = ? WHERE ("practitioners"."id" = ?)

-- practitioners::find
SELECT "practitioners"."id", "practitioners"."partnership_id", "practitioners"."agency_id", "practitioners"."subject_index", "practitioners"."wrapped_key", "practitioners"."sealed", "practitioners"."active", "practitioners"."version", "practitioners"."created_at", "practitioners"."updated_at", "practitioners"."provisional_until" FROM "practitioners" WHERE (("practitioners"."partnership_id" = ?) AND ("practitioners"."id" = ?))

-- practitioners::find_by_subject
SELECT "practitioners"."id", "practitioners"."partnership_id", "practitioners"."agency_id", "practitioners"."subject_index", "practitioners"."wrapped_key", "practitioners"."sealed", "practitioners"."active", "practitioners"."version", "practitioners"."created_at", "practitioners"."updated_at", "practitioners"."provisional_until" FROM "practitioners" WHERE ((("practitioners"."partnership_id" = ?) AND ("practitioners"."agency_id" = ?)) AND ("practitioners"."subject_index" = ?))

-- practitioners::find_many
SELECT "practitioners"."id", "practitioners"."partnership_id", "practitioners"."agency_id", "practitioners"."subject_index", "practitioners"."wrapped_key", "practitioners"."sealed", "practitioners"."active", "practitioners"."version", "practitioners"."created_at", "practitioners"."updated_at", "practitioners"."provisional_until" FROM "practitioners" WHERE (("practitioners"."partnership_id" = ?) IS TRUE AND ("practitioners"."id" = ANY(?))) ORDER BY "practitioners"."id"

-- practitioners::insert
INSERT INTO "practitioners" ("id", "partnership_id", "agency_id", "subject_index", "wrapped_key", "sealed", "active", "version", "created_at", "updated_at", "provisional_until") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- practitioners::page
SELECT "practitioners"."id", "practitioners"."partnership_id", "practitioners"."agency_id", "practitioners"."subject_index", "practitioners"."wrapped_key", "practitioners"."sealed", "practitioners"."active", "practitioners"."version", "practitioners"."created_at", "practitioners"."updated_at", "practitioners"."provisional_until" FROM "practitioners" WHERE (("practitioners"."partnership_id" = ?) AND (("practitioners"."provisional_until" IS NULL) OR ("practitioners"."provisional_until" != ?))) ORDER BY "practitioners"."created_at", "practitioners"."id" LIMIT ?

-- practitioners::page
SELECT "practitioners"."id", "practitioners"."partnership_id", "practitioners"."agency_id", "practitioners"."subject_index", "practitioners"."wrapped_key", "practitioners"."sealed", "practitioners"."active", "practitioners"."version", "practitioners"."created_at", "practitioners"."updated_at", "practitioners"."provisional_until" FROM "practitioners" WHERE ((("practitioners"."partnership_id" = ?) AND (("practitioners"."provisional_until" IS NULL) OR ("practitioners"."provisional_until" != ?))) AND ("practitioners"."agency_id" = ?)) ORDER BY "practitioners"."created_at", "practitioners"."id" LIMIT ?

-- practitioners::page
SELECT "practitioners"."id", "practitioners"."partnership_id", "practitioners"."agency_id", "practitioners"."subject_index", "practitioners"."wrapped_key", "practitioners"."sealed", "practitioners"."active", "practitioners"."version", "practitioners"."created_at", "practitioners"."updated_at", "practitioners"."provisional_until" FROM "practitioners" WHERE (((("practitioners"."partnership_id" = ?) AND (("practitioners"."provisional_until" IS NULL) OR ("practitioners"."provisional_until" != ?))) AND ("practitioners"."created_at" >= ?)) AND (("practitioners"."created_at" > ?) OR ("practitioners"."id" > ?))) ORDER BY "practitioners"."created_at", "practitioners"."id" LIMIT ?

-- practitioners::update
UPDATE "practitioners" SET "wrapped_key" = ?, "sealed" = ?, "active" = ?, "version" = ?, "updated_at" = ?, "provisional_until" = ? WHERE ((("practitioners"."partnership_id" = ?) AND ("practitioners"."id" = ?)) AND ("practitioners"."version" = ?))

-- purge::backlog
SELECT COUNT(*), min("chronologies"."expires_at") FROM "chronologies" WHERE ("chronologies"."expires_at" <= ?) LIMIT ?

-- purge::backlog
SELECT COUNT(*), min("consolidations"."expires_at") FROM "consolidations" WHERE ("consolidations"."expires_at" <= ?) LIMIT ?

-- purge::backlog
SELECT COUNT(*), min("families"."expires_at") FROM "families" WHERE ("families"."expires_at" <= ?) LIMIT ?

-- purge::backlog
SELECT COUNT(*), min("fragments"."expires_at") FROM "fragments" WHERE ("fragments"."expires_at" <= ?) LIMIT ?

-- purge::backlog
SELECT COUNT(*), min("idempotency"."expires_at") FROM "idempotency" WHERE ("idempotency"."expires_at" <= ?) LIMIT ?

-- purge::backlog
SELECT COUNT(*), min("people"."expires_at") FROM "people" WHERE ("people"."expires_at" <= ?) LIMIT ?

-- purge::delete::delete_chronology
DELETE FROM "chronologies" WHERE (("chronologies"."partnership_id" = ?) AND ("chronologies"."id" = ?))

-- purge::delete::delete_expired_idempotency_records
DELETE FROM "idempotency" WHERE ((("idempotency"."partnership_id" = ?) AND ("idempotency"."practitioner_id" = ?)) AND ("idempotency"."key_index" = ?))

-- purge::delete::delete_expired_idempotency_records
SELECT "idempotency"."partnership_id", "idempotency"."practitioner_id", "idempotency"."key_index" FROM "idempotency" WHERE ("idempotency"."expires_at" <= ?) ORDER BY "idempotency"."expires_at", "idempotency"."key_index" LIMIT ? FOR UPDATE SKIP LOCKED

-- purge::delete::delete_family
DELETE FROM "families" WHERE (("families"."partnership_id" = ?) AND ("families"."id" = ?))

-- purge::delete::delete_fragment
DELETE FROM "fragments" WHERE (("fragments"."partnership_id" = ?) AND ("fragments"."id" = ?))

-- purge::delete::delete_person
DELETE FROM "people" WHERE (("people"."partnership_id" = ?) AND ("people"."id" = ?))

-- purge::due_chronologies
SELECT "chronologies"."partnership_id", "chronologies"."id", "chronologies"."expires_at" FROM "chronologies" WHERE ((("chronologies"."expires_at" <= ?) AND ("chronologies"."expires_at" >= ?)) AND (("chronologies"."expires_at" > ?) OR ("chronologies"."id" > ?))) ORDER BY "chronologies"."expires_at", "chronologies"."id" LIMIT ? FOR UPDATE SKIP LOCKED

-- purge::due_chronologies_unlocked
SELECT "chronologies"."partnership_id", "chronologies"."id", "chronologies"."expires_at" FROM "chronologies" WHERE ("chronologies"."expires_at" <= ?) ORDER BY "chronologies"."expires_at", "chronologies"."id"

-- purge::due_families
SELECT "families"."partnership_id", "families"."id", "families"."expires_at" FROM "families" WHERE ((("families"."expires_at" <= ?) AND ("families"."expires_at" >= ?)) AND (("families"."expires_at" > ?) OR ("families"."id" > ?))) ORDER BY "families"."expires_at", "families"."id" LIMIT ? FOR UPDATE SKIP LOCKED

-- purge::due_families_unlocked
SELECT "families"."partnership_id", "families"."id", "families"."expires_at" FROM "families" WHERE ("families"."expires_at" <= ?) ORDER BY "families"."expires_at", "families"."id"

-- purge::due_fragments
SELECT "fragments"."partnership_id", "fragments"."id", "fragments"."expires_at" FROM "fragments" WHERE ((("fragments"."expires_at" <= ?) AND ("fragments"."expires_at" >= ?)) AND (("fragments"."expires_at" > ?) OR ("fragments"."id" > ?))) ORDER BY "fragments"."expires_at", "fragments"."id" LIMIT ? FOR UPDATE SKIP LOCKED

-- purge::due_fragments_unlocked
SELECT DISTINCT "fragments"."partnership_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."expires_at" FROM "fragments" WHERE ("fragments"."expires_at" <= ?)

-- purge::due_people
SELECT "people"."partnership_id", "people"."id", "people"."expires_at" FROM "people" WHERE ((("people"."expires_at" <= ?) AND ("people"."expires_at" >= ?)) AND (("people"."expires_at" > ?) OR ("people"."id" > ?))) ORDER BY "people"."expires_at", "people"."id" LIMIT ? FOR UPDATE SKIP LOCKED

-- purge::due_people_unlocked
SELECT "people"."partnership_id", "people"."id", "people"."expires_at" FROM "people" WHERE ("people"."expires_at" <= ?) ORDER BY "people"."expires_at", "people"."id"

-- purge::find_chronology
SELECT "chronologies"."id", "chronologies"."partnership_id", "chronologies"."family_id", "chronologies"."owner_id", "chronologies"."owner_agency_id", "chronologies"."purpose", "chronologies"."state", "chronologies"."due_at", "chronologies"."opened_at", "chronologies"."expires_at", "chronologies"."wrapped_key", "chronologies"."sealed", "chronologies"."version", "chronologies"."created_at", "chronologies"."updated_at" FROM "chronologies" WHERE (("chronologies"."partnership_id" = ?) AND ("chronologies"."id" = ?))

-- purge::list_fragments
SELECT "fragments"."id", "fragments"."partnership_id", "fragments"."agency_id", "fragments"."chronology_id", "fragments"."family_id", "fragments"."child_id", "fragments"."proxy_by_agency", "fragments"."reference_index", "fragments"."state", "fragments"."author_id", "fragments"."expires_at", "fragments"."wrapped_until", "fragments"."version", "fragments"."created_at", "fragments"."updated_at" FROM "fragments" WHERE (("fragments"."partnership_id" = ?) AND ("fragments"."chronology_id" = ?)) ORDER BY "fragments"."created_at", "fragments"."id"

-- scopes_to_destroy::delete
DELETE FROM "scopes_to_destroy" WHERE ("scopes_to_destroy"."scope" = ?)

-- scopes_to_destroy::insert_all
INSERT INTO "scopes_to_destroy" ("scope", "since", "unneeded") VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- scopes_to_destroy::list
SELECT "scopes_to_destroy"."scope", "scopes_to_destroy"."since", "scopes_to_destroy"."unneeded" FROM "scopes_to_destroy" ORDER BY "scopes_to_destroy"."since", "scopes_to_destroy"."scope" LIMIT ?

-- shown_fragments::insert
INSERT INTO "shown_fragments" ("partnership_id", "scope_id", "fragment_id", "at", "record_id", "practitioner_id", "agency_id", "role", "operation", "reason", "purpose", "entry_count") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- shown_fragments::page
SELECT "shown_fragments"."partnership_id", "shown_fragments"."scope_id", "shown_fragments"."fragment_id", "shown_fragments"."at", "shown_fragments"."record_id", "shown_fragments"."practitioner_id", "shown_fragments"."agency_id", "shown_fragments"."role", "shown_fragments"."operation", "shown_fragments"."reason", "shown_fragments"."purpose", "shown_fragments"."entry_count" FROM "shown_fragments" WHERE ((("shown_fragments"."partnership_id" = ?) AND ("shown_fragments"."scope_id" = ANY(?))) AND ("shown_fragments"."fragment_id" = ?)) ORDER BY "shown_fragments"."at" DESC, "shown_fragments"."record_id" DESC LIMIT ?

-- shown_fragments::page
SELECT "shown_fragments"."partnership_id", "shown_fragments"."scope_id", "shown_fragments"."fragment_id", "shown_fragments"."at", "shown_fragments"."record_id", "shown_fragments"."practitioner_id", "shown_fragments"."agency_id", "shown_fragments"."role", "shown_fragments"."operation", "shown_fragments"."reason", "shown_fragments"."purpose", "shown_fragments"."entry_count" FROM "shown_fragments" WHERE ((((("shown_fragments"."partnership_id" = ?) AND ("shown_fragments"."scope_id" = ANY(?))) AND ("shown_fragments"."fragment_id" = ?)) AND ("shown_fragments"."at" <= ?)) AND (("shown_fragments"."at" < ?) OR ("shown_fragments"."record_id" < ?))) ORDER BY "shown_fragments"."at" DESC, "shown_fragments"."record_id" DESC LIMIT ?

-- shown_fragments::page
SELECT "shown_fragments"."partnership_id", "shown_fragments"."scope_id", "shown_fragments"."fragment_id", "shown_fragments"."at", "shown_fragments"."record_id", "shown_fragments"."practitioner_id", "shown_fragments"."agency_id", "shown_fragments"."role", "shown_fragments"."operation", "shown_fragments"."reason", "shown_fragments"."purpose", "shown_fragments"."entry_count" FROM "shown_fragments" WHERE (((((("shown_fragments"."partnership_id" = ?) AND ("shown_fragments"."scope_id" = ANY(?))) AND ("shown_fragments"."fragment_id" = ?)) AND ("shown_fragments"."agency_id" = ?)) AND ("shown_fragments"."operation" = ANY(?))) AND (("shown_fragments"."practitioner_id" = ?) OR ("shown_fragments"."role" = ANY(?)))) ORDER BY "shown_fragments"."at" DESC, "shown_fragments"."record_id" DESC LIMIT ?

-- tombstones::find
SELECT "tombstone_agencies"."tombstone_id", "tombstone_agencies"."agency_id", "tombstone_agencies"."partnership_id", "tombstone_agencies"."invitation_state" FROM "tombstone_agencies" WHERE (("tombstone_agencies"."partnership_id" = ?) AND ("tombstone_agencies"."tombstone_id" = ?)) ORDER BY "tombstone_agencies"."agency_id"

-- tombstones::find
SELECT "tombstone_practitioners"."practitioner_id" FROM "tombstone_practitioners" WHERE (("tombstone_practitioners"."partnership_id" = ?) AND ("tombstone_practitioners"."tombstone_id" = ?)) ORDER BY "tombstone_practitioners"."practitioner_id"

-- tombstones::find
SELECT "tombstones"."id", "tombstones"."kind", "tombstones"."partnership_id", "tombstones"."chronology_id", "tombstones"."agency_id", "tombstones"."owner_id", "tombstones"."reason", "tombstones"."created_at", "tombstones"."expired_at", "tombstones"."deleted_at", "tombstones"."entry_count", "tombstones"."content_index" FROM "tombstones" WHERE (("tombstones"."partnership_id" = ?) AND ("tombstones"."id" = ?))

-- tombstones::insert
INSERT INTO "tombstone_agencies" ("tombstone_id", "agency_id", "partnership_id", "invitation_state") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- tombstones::insert
INSERT INTO "tombstone_practitioners" ("tombstone_id", "practitioner_id", "partnership_id") VALUES (?, ?, ?)

-- tombstones::insert
INSERT INTO "tombstones" ("id", "kind", "partnership_id", "chronology_id", "agency_id", "owner_id", "reason", "created_at", "expired_at", "deleted_at", "entry_count", "content_index") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- tombstones::list_for_fragments
SELECT "tombstones"."id", "tombstones"."kind", "tombstones"."partnership_id", "tombstones"."chronology_id", "tombstones"."agency_id", "tombstones"."owner_id", "tombstones"."reason", "tombstones"."created_at", "tombstones"."expired_at", "tombstones"."deleted_at", "tombstones"."entry_count", "tombstones"."content_index" FROM "tombstones" WHERE (((("tombstones"."partnership_id" = ?) AND ("tombstones"."chronology_id" = ?)) AND ("tombstones"."kind" = ?)) AND ("tombstones"."deleted_at" = ?)) ORDER BY "tombstones"."id"

-- unpurged::is_family_referenced
SELECT COUNT(*) FROM "chronologies" WHERE (("chronologies"."partnership_id" = ?) AND ("chronologies"."family_id" = ?))

-- unpurged::is_family_referenced
SELECT COUNT(*) FROM "fragment_origins" WHERE (("fragment_origins"."partnership_id" = ?) AND ("fragment_origins"."family_id" = ?))

-- unpurged::is_family_referenced
SELECT COUNT(*) FROM "fragments" WHERE (("fragments"."partnership_id" = ?) AND ("fragments"."family_id" = ?))

-- unpurged::page
SELECT "chronologies"."id", "chronologies"."expires_at" FROM "chronologies" WHERE (("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."expires_at" <= ?)) ORDER BY "chronologies"."expires_at", "chronologies"."id" LIMIT ?

-- unpurged::page
SELECT "chronologies"."id", "chronologies"."expires_at" FROM "chronologies" WHERE (((("chronologies"."partnership_id" = ?) IS TRUE AND ("chronologies"."expires_at" <= ?)) AND ("chronologies"."expires_at" >= ?)) AND (("chronologies"."expires_at" > ?) OR ("chronologies"."id" > ?))) ORDER BY "chronologies"."expires_at", "chronologies"."id" LIMIT ?

-- unpurged::page
SELECT "families"."id", "families"."expires_at" FROM "families" WHERE (("families"."partnership_id" = ?) IS TRUE AND ("families"."expires_at" <= ?)) ORDER BY "families"."expires_at", "families"."id" LIMIT ?

-- unpurged::page
SELECT "families"."id", "families"."expires_at" FROM "families" WHERE (((("families"."partnership_id" = ?) IS TRUE AND ("families"."expires_at" <= ?)) AND ("families"."expires_at" >= ?)) AND (("families"."expires_at" > ?) OR ("families"."id" > ?))) ORDER BY "families"."expires_at", "families"."id" LIMIT ?

-- unpurged::page
SELECT "fragments"."id", "fragments"."expires_at" FROM "fragments" WHERE (("fragments"."partnership_id" = ?) IS TRUE AND ("fragments"."expires_at" <= ?)) ORDER BY "fragments"."expires_at", "fragments"."id" LIMIT ?

-- unpurged::page
SELECT "fragments"."id", "fragments"."expires_at" FROM "fragments" WHERE (((("fragments"."partnership_id" = ?) IS TRUE AND ("fragments"."expires_at" <= ?)) AND ("fragments"."expires_at" >= ?)) AND (("fragments"."expires_at" > ?) OR ("fragments"."id" > ?))) ORDER BY "fragments"."expires_at", "fragments"."id" LIMIT ?

-- unpurged::page
SELECT "people"."id", "people"."expires_at" FROM "people" WHERE (("people"."partnership_id" = ?) IS TRUE AND ("people"."expires_at" <= ?)) ORDER BY "people"."expires_at", "people"."id" LIMIT ?

-- unpurged::page
SELECT "people"."id", "people"."expires_at" FROM "people" WHERE (((("people"."partnership_id" = ?) IS TRUE AND ("people"."expires_at" <= ?)) AND ("people"."expires_at" >= ?)) AND (("people"."expires_at" > ?) OR ("people"."id" > ?))) ORDER BY "people"."expires_at", "people"."id" LIMIT ?
