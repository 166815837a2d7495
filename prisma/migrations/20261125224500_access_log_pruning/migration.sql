-- DropRule: nothing could ever be removed, so that the log grew for ever.
DROP RULE "access_log_no_delete" ON "access_log";

-- Entries are still safe for as long as anybody may want to look into an incident, also from a bug of ours. What is
-- older goes by ACCESS_LOG_DAYS, which is never less.
CREATE RULE "access_log_no_early_delete" AS ON DELETE TO "access_log"
    WHERE OLD."at" > CURRENT_TIMESTAMP - INTERVAL '30 days' DO INSTEAD NOTHING;

-- CreateIndex
CREATE INDEX "access_log_at_idx" ON "access_log"("at");
