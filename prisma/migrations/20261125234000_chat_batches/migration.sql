-- CreateTable
CREATE TABLE "chat_batches" (
    "id" TEXT NOT NULL,
    "tenant" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'validating',
    "endpoint" TEXT NOT NULL,
    "window" TEXT NOT NULL,
    "deadline" TIMESTAMPTZ(3) NOT NULL,
    "input_file_id" TEXT NOT NULL,
    "output_file_id" TEXT,
    "error_file_id" TEXT,
    "output_seconds" INTEGER NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "sealed_request" BYTEA NOT NULL,
    "errors" JSONB,
    "counts" JSONB,
    "usage" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "in_progress_at" TIMESTAMPTZ(3),
    "finalizing_at" TIMESTAMPTZ(3),
    "cancelling_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "idempotency_hash" TEXT,
    "request_hash" TEXT,

    CONSTRAINT "chat_batches_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chat_batch_lines" (
    "batch_id" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,
    "length" INTEGER NOT NULL,
    "sealed_custom_id" BYTEA NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "sealed_outcome" BYTEA,

    CONSTRAINT "chat_batch_lines_pkey" PRIMARY KEY ("batch_id","line")
);

-- CreateIndex
CREATE UNIQUE INDEX "chat_batches_idempotency_hash_key" ON "chat_batches"("idempotency_hash");

-- CreateIndex
CREATE INDEX "chat_batches_tenant_id_idx" ON "chat_batches"("tenant", "id");

-- CreateIndex
CREATE INDEX "chat_batches_expires_at_idx" ON "chat_batches"("expires_at");

-- CreateIndex
CREATE INDEX "chat_batch_lines_batch_id_status_line_idx" ON "chat_batch_lines"("batch_id", "status", "line");

-- AddForeignKey
ALTER TABLE "chat_batch_lines" ADD CONSTRAINT "chat_batch_lines_batch_id_fkey" FOREIGN KEY ("batch_id") REFERENCES "chat_batches"("id") ON DELETE CASCADE ON UPDATE CASCADE;
