-- AlterTable
ALTER TABLE "extractions" ADD COLUMN     "batch_id" TEXT,
ADD COLUMN     "batch_index" INTEGER,
ADD COLUMN     "content_hash" TEXT,
ADD COLUMN     "idempotency_hash" TEXT,
ADD COLUMN     "request_hash" TEXT;

-- CreateTable
CREATE TABLE "batches" (
    "id" TEXT NOT NULL,
    "tenant" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'validating',
    "run" INTEGER NOT NULL DEFAULT 1,
    "source" TEXT NOT NULL,
    "options" JSONB NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "sealed_request" BYTEA,
    "blob" TEXT,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "error_code" TEXT,
    "error_message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "run_started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "idempotency_hash" TEXT,
    "request_hash" TEXT,

    CONSTRAINT "batches_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "batches_idempotency_hash_key" ON "batches"("idempotency_hash");

-- CreateIndex
CREATE INDEX "batches_tenant_created_at_id_idx" ON "batches"("tenant", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "batches_expires_at_idx" ON "batches"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "extractions_idempotency_hash_key" ON "extractions"("idempotency_hash");

-- CreateIndex
CREATE UNIQUE INDEX "extractions_batch_id_batch_index_key" ON "extractions"("batch_id", "batch_index");

-- AddForeignKey
ALTER TABLE "extractions" ADD CONSTRAINT "extractions_batch_id_fkey" FOREIGN KEY ("batch_id") REFERENCES "batches"("id") ON DELETE CASCADE ON UPDATE CASCADE;


