-- The position of each job in the order of commits (internal/event). The jobs
-- that are there have none: streams begin after them.

-- +goose Up
ALTER TABLE "jobs" ADD COLUMN "event_position" bigint NULL;
ALTER TABLE "jobs" ALTER COLUMN "event_position" SET DEFAULT (pg_current_xact_id()::text)::bigint;
CREATE INDEX "job_event_position_id" ON "jobs" ("event_position", "id") WHERE event_position IS NOT NULL;
CREATE TABLE "event_state" ("id" bigint NOT NULL, "epoch" text NOT NULL, "source" text NOT NULL, "pruned" bigint NOT NULL, PRIMARY KEY ("id"));
INSERT INTO "event_state" ("id", "epoch", "source", "pruned") VALUES (1, substr(md5(random()::text || clock_timestamp()::text), 1, 16), '', 0);
-- +goose StatementBegin
CREATE FUNCTION "job_event_position"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.event_position := (pg_current_xact_id()::text)::bigint;
  RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "job_event_position" BEFORE UPDATE OF "status" ON "jobs" FOR EACH ROW EXECUTE FUNCTION "job_event_position"();

-- +goose Down
DROP TRIGGER "job_event_position" ON "jobs";
DROP FUNCTION "job_event_position"();
DROP TABLE "event_state";
DROP INDEX "job_event_position_id";
ALTER TABLE "jobs" DROP COLUMN "event_position";
