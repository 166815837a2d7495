-- AlterTable
ALTER TABLE "batches" ADD COLUMN     "changes" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "sealed" BOOLEAN NOT NULL DEFAULT true;

-- CreateTable
CREATE TABLE "batch_additions" (
    "idempotency_hash" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "batch_id" TEXT NOT NULL,

    CONSTRAINT "batch_additions_pkey" PRIMARY KEY ("idempotency_hash")
);

-- CreateIndex
CREATE INDEX "batch_additions_batch_id_idx" ON "batch_additions"("batch_id");

-- AddForeignKey
ALTER TABLE "batch_additions" ADD CONSTRAINT "batch_additions_batch_id_fkey" FOREIGN KEY ("batch_id") REFERENCES "batches"("id") ON DELETE CASCADE ON UPDATE CASCADE;
