-- CreateTable
CREATE TABLE "reviews" (
    "extraction_id" TEXT NOT NULL,
    "tenant" TEXT NOT NULL,
    "batch_id" TEXT,
    "round" TEXT NOT NULL,
    "fields" TEXT[],
    "least" DOUBLE PRECISION NOT NULL,
    "picture" TEXT,
    "on_timeout" TEXT NOT NULL,
    "store_image" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deadline" TIMESTAMPTZ(3) NOT NULL,
    "claimed_by" TEXT,
    "reviewer" TEXT,
    "claimed_at" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "outcome" TEXT,
    "decision_id" TEXT,
    "decided_by" TEXT,
    "decided_at" TIMESTAMPTZ(3),
    "duration_ms" INTEGER,

    CONSTRAINT "reviews_pkey" PRIMARY KEY ("extraction_id")
);

-- CreateTable
CREATE TABLE "review_decisions" (
    "id" TEXT NOT NULL,
    "extraction_id" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "decided_by" TEXT NOT NULL,
    "sealed_values" BYTEA NOT NULL,
    "claimed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "review_decisions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "reviews_tenant_least_extraction_id_idx" ON "reviews"("tenant", "least", "extraction_id");

-- CreateIndex
CREATE INDEX "reviews_picture_idx" ON "reviews"("picture");

-- CreateIndex
CREATE INDEX "review_decisions_extraction_id_idx" ON "review_decisions"("extraction_id");

-- AddForeignKey
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_extraction_id_fkey" FOREIGN KEY ("extraction_id") REFERENCES "extractions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review_decisions" ADD CONSTRAINT "review_decisions_extraction_id_fkey" FOREIGN KEY ("extraction_id") REFERENCES "reviews"("extraction_id") ON DELETE CASCADE ON UPDATE CASCADE;
