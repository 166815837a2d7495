-- AlterTable
ALTER TABLE "extractions" ADD COLUMN     "sealed_others" BYTEA[];
