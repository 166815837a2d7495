-- AlterTable
ALTER TABLE "batches" ADD COLUMN     "item_count" INTEGER;

-- Those that there are have been written whole.
UPDATE "batches" SET "item_count" = (SELECT count(*) FROM "extractions" WHERE "extractions"."batch_id" = "batches"."id");
