-- AlterTable
ALTER TABLE "chat_generations" ADD COLUMN "sealed_webhook" BYTEA;
