-- AlterTable
ALTER TABLE "extractions" ADD COLUMN     "usage" JSONB;
