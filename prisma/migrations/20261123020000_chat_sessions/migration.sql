-- CreateTable
CREATE TABLE "chat_generations" (
    "id" TEXT NOT NULL,
    "tenant" TEXT NOT NULL,
    "session_hash" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "body_hash" TEXT NOT NULL,
    "idempotency_hash" TEXT,
    "model" TEXT NOT NULL,
    "first_index" INTEGER NOT NULL,
    "usage_event" BOOLEAN NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "blob" TEXT,
    "run_id" TEXT,
    "outcome" TEXT,
    "sealed_transcript" BYTEA,
    "pieces" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "chat_generations_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "chat_generations_tenant_idempotency_hash_idx" ON "chat_generations"("tenant", "idempotency_hash");

-- CreateIndex
CREATE INDEX "chat_generations_blob_idx" ON "chat_generations"("blob");

-- CreateIndex
CREATE INDEX "chat_generations_expires_at_idx" ON "chat_generations"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "chat_generations_session_hash_ordinal_key" ON "chat_generations"("session_hash", "ordinal");


