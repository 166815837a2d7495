-- CreateIndex
CREATE INDEX "extractions_blob_idx" ON "extractions"("blob");

-- CreateIndex
CREATE INDEX "batches_blob_idx" ON "batches"("blob");
