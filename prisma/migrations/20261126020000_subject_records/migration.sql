-- CreateTable
CREATE TABLE "subject_records" (
    "id" BIGSERIAL NOT NULL,
    "nik_hash" TEXT NOT NULL,
    "tenant" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "record" TEXT NOT NULL,
    "batch" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "erased_at" TIMESTAMPTZ(3),

    CONSTRAINT "subject_records_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "erasures" (
    "record" TEXT NOT NULL,
    "tenant" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "statement" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "erasures_pkey" PRIMARY KEY ("record")
);

-- CreateIndex
CREATE UNIQUE INDEX "subject_records_nik_hash_record_key" ON "subject_records"("nik_hash", "record");

-- CreateIndex
CREATE INDEX "subject_records_record_idx" ON "subject_records"("record");

-- CreateIndex
CREATE INDEX "subject_records_erased_at_idx" ON "subject_records"("erased_at");

-- CreateIndex
CREATE INDEX "erasures_created_at_idx" ON "erasures"("created_at");

-- Whatever deletes a record says when: a request, the retention, or the cascade from its batch. Rules and not triggers,
-- as for the access log.
CREATE RULE "extractions_erased" AS ON DELETE TO "extractions"
    DO ALSO UPDATE "subject_records" SET "erased_at" = CURRENT_TIMESTAMP
    WHERE "record" = OLD."id" AND "erased_at" IS NULL;

CREATE RULE "chat_generations_erased" AS ON DELETE TO "chat_generations"
    DO ALSO UPDATE "subject_records" SET "erased_at" = CURRENT_TIMESTAMP
    WHERE "record" = OLD."id" AND "erased_at" IS NULL;
