-- Responses of /v1/responses, and answers that are kept longer than a session.

ALTER TABLE "chat_generations" ADD COLUMN "keep_seconds" INTEGER;

CREATE TABLE "responses" (
  "id" TEXT NOT NULL,
  "tenant" TEXT NOT NULL,
  "wrapped_key" BYTEA NOT NULL,
  "sealed_settings" BYTEA NOT NULL,
  "blob" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "responses_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "responses_blob_idx" ON "responses"("blob");

CREATE INDEX "responses_expires_at_idx" ON "responses"("expires_at");
