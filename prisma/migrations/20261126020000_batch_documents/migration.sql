-- CreateTable
CREATE TABLE "batch_documents" (
    "blob" TEXT NOT NULL,
    "batch_id" TEXT NOT NULL,

    CONSTRAINT "batch_documents_pkey" PRIMARY KEY ("blob")
);

-- CreateIndex
CREATE INDEX "batch_documents_batch_id_idx" ON "batch_documents"("batch_id");

-- AddForeignKey
ALTER TABLE "batch_documents" ADD CONSTRAINT "batch_documents_batch_id_fkey" FOREIGN KEY ("batch_id") REFERENCES "batches"("id") ON DELETE CASCADE ON UPDATE CASCADE;
