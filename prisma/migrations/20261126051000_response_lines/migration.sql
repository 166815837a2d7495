-- AlterTable
ALTER TABLE "chat_batch_lines" ADD COLUMN "sealed_settings" BYTEA;
