-- CreateTable
CREATE TABLE "files" (
    "id" TEXT NOT NULL,
    "tenant" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "sealed_name" BYTEA NOT NULL,
    "blob" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "files_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "files_tenant_id_idx" ON "files"("tenant", "id");

-- CreateIndex
CREATE INDEX "files_blob_idx" ON "files"("blob");

-- CreateIndex
CREATE INDEX "files_expires_at_idx" ON "files"("expires_at");
