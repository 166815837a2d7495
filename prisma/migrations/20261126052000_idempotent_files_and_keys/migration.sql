-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN "idempotency_hash" TEXT,
ADD COLUMN "request_hash" TEXT;

-- AlterTable
ALTER TABLE "files" ADD COLUMN "idempotency_hash" TEXT,
ADD COLUMN "request_hash" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_idempotency_hash_key" ON "api_keys"("idempotency_hash");

-- CreateIndex
CREATE UNIQUE INDEX "files_idempotency_hash_key" ON "files"("idempotency_hash");
