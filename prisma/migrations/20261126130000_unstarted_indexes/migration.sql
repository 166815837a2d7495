-- The removal of what was never started looks for these rows every five minutes. They are few among all that are kept,
-- and Prisma's schema knows no index over a part of a table.

-- CreateIndex
CREATE INDEX "chat_generations_unfinished_idx" ON "chat_generations"("id") WHERE "outcome" IS NULL;

-- CreateIndex: items of a batch are accepted with it.
CREATE INDEX "extractions_unstarted_idx" ON "extractions"("id") WHERE "accepted_at" IS NULL AND "batch_id" IS NULL;

-- CreateIndex
CREATE INDEX "batches_unstarted_idx" ON "batches"("id") WHERE "accepted_at" IS NULL;

-- CreateIndex
CREATE INDEX "chat_batches_unstarted_idx" ON "chat_batches"("id") WHERE "accepted_at" IS NULL;
