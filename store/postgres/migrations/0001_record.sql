-- The record. Each table says what ends its rows; test/store/lifetimes.test.ts fails for one that does not.
-- Partitioned tables are kept by the month: partitions.ts creates the months to come and drops those that are over.
-- Every table that a send touches is keyed by one person, one address or one email, so that they can be distributed later.

-- Which secret this record was made with. One row.
CREATE TABLE installation (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  -- Links in emails are bound to it: those of another installation with the same secret are refused.
  identity uuid NOT NULL DEFAULT gen_random_uuid(),
  -- A keyed hash of a constant, under the secret of this installation.
  secret_check text NOT NULL,
  -- The same under the secret before it, once a rotation has begun.
  previous_check text,
  -- How far the rotation has come: the last person whose hash was made anew; NULL once it is complete, and before it begins.
  rotated_to text,
  rotated_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE installation IS 'ends: never; one row';

-- Who people are: the only table with addresses and names.
CREATE TABLE person (
  user_id text PRIMARY KEY,
  -- Goes up with each change of what decides whether they may get an email: the last check of a claim compares it.
  version bigint NOT NULL DEFAULT 1,
  email text,
  -- Keyed hash of the address; and the one under the secret before, where the address was recorded during a rotation.
  address_hash text,
  previous_address_hash text,
  name text,
  locale text,
  time_zone text,
  country text,
  plan text,
  -- Field to Unix ms: when the event that wrote it happened.
  said_at jsonb NOT NULL DEFAULT '{}',
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 85);
CREATE INDEX person_address ON person (address_hash) WHERE address_hash IS NOT NULL;
CREATE INDEX person_previous_address ON person (previous_address_hash) WHERE previous_address_hash IS NOT NULL;
COMMENT ON TABLE person IS 'ends: with the erasure of the person';

-- What a person's last statement about each topic amounts to.
CREATE TABLE consent (
  user_id text NOT NULL,
  topic text NOT NULL,
  state text NOT NULL CHECK (state IN ('granted', 'revoked', 'pending')),
  captured_at timestamptz NOT NULL,
  -- It came beside something else and does not say when it was stated: no opt-out is undone by it.
  incidental boolean NOT NULL DEFAULT false,
  -- Keyed hash of the address at which it was confirmed, or opted out: at another one a grant has yet to be confirmed.
  address_hash text,
  -- The record in consent_log that says so.
  record text NOT NULL,
  PRIMARY KEY (user_id, topic)
) WITH (fillfactor = 85);
CREATE INDEX consent_opted_out ON consent (address_hash) WHERE state = 'revoked' AND address_hash IS NOT NULL;
COMMENT ON TABLE consent IS 'ends: with the erasure of the person';

-- Everything that was ever said about consent: evidence, only ever added to.
CREATE TABLE consent_log (
  user_id text NOT NULL,
  id text NOT NULL,
  topic text NOT NULL,
  state text NOT NULL CHECK (state IN ('granted', 'revoked', 'pending')),
  captured_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Basis, source, actor, wording (its hash), locale, ip, user agent, evidence, when and at which address (its hash) it was
  -- confirmed, supersedes.
  details jsonb NOT NULL,
  PRIMARY KEY (user_id, id)
);
COMMENT ON TABLE consent_log IS 'ends: with the erasure of the person';

-- Who was asked last to confirm a subscription, by address and topic: whoever fills in a form again and again with the address
-- of another person fills no inbox.
CREATE TABLE confirmation_request (
  address_hash text NOT NULL,
  topic text NOT NULL,
  user_id text NOT NULL,
  event_id text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (address_hash, topic)
) WITH (fillfactor = 85);
CREATE INDEX confirmation_request_asked_at ON confirmation_request (asked_at);
COMMENT ON TABLE confirmation_request IS 'ends: a day after it, with the next request of anybody';

-- The texts that people agreed to, by their SHA-256.
CREATE TABLE wording (
  hash text PRIMARY KEY,
  wording text NOT NULL
);
COMMENT ON TABLE wording IS 'ends: never; one row for each text that was ever shown';

-- What is known of an address, by its keyed hash.
CREATE TABLE address (
  hash text PRIMARY KEY,
  -- Goes up with each change of its suppressions: the last check of a claim compares it.
  version bigint NOT NULL DEFAULT 0,
  -- What its recipient workflow knows between two runs.
  recipient jsonb,
  -- Bounces in a row; most addresses have none.
  streak integer NOT NULL DEFAULT 0,
  recipient_at timestamptz
) WITH (fillfactor = 85);
COMMENT ON TABLE address IS 'ends: never; a keyed hash outlives the person whom it protects';

CREATE TABLE suppression (
  address_hash text NOT NULL,
  reason text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('all', 'marketing')),
  since timestamptz NOT NULL,
  -- NULL: until it is lifted.
  until timestamptz,
  source text NOT NULL,
  -- The provider's list does not have it yet.
  to_report boolean NOT NULL DEFAULT false,
  -- All email until Friday and marketing until June are two: see widen in store/suppressions.ts.
  PRIMARY KEY (address_hash, reason, scope)
);
CREATE INDEX suppression_to_report ON suppression (address_hash) WHERE to_report;
COMMENT ON TABLE suppression IS 'ends: when it is lifted; a keyed hash outlives the person whom it protects';

-- Suppressions that an operator lifted: the provider's list has to forget them. '' as the reason: all of them.
CREATE TABLE suppression_lift (
  address_hash text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (address_hash, reason)
);
COMMENT ON TABLE suppression_lift IS 'ends: when the provider''s list was read after it';

-- How far the comparison with the provider's list has come. One row.
CREATE TABLE suppression_sync (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  last_read timestamptz,
  run text,
  progress jsonb
);
COMMENT ON TABLE suppression_sync IS 'ends: never; one row';

-- The send ledger: one row for each email. It is the reason why no email is sent twice.
CREATE TABLE send (
  -- SHA-256 of the message key, in base64url: the SES tag rivulet-key.
  tag text NOT NULL,
  month date NOT NULL,
  message_key text NOT NULL,
  user_id text NOT NULL,
  journey text,
  template text NOT NULL,
  template_version text NOT NULL,
  topic text,
  state text NOT NULL CHECK (state IN ('claimed', 'released', 'accepted', 'refused', 'unknown')),
  -- Whose attempt it is.
  claim text NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Attempts that the provider certainly did not take.
  failures integer NOT NULL DEFAULT 0,
  -- How often it was sent again without knowing what became of the attempt before.
  repeats integer NOT NULL DEFAULT 0,
  -- The feed has reported it.
  reported boolean NOT NULL DEFAULT false,
  provider_id text,
  -- Why it was refused or is unknown: a sentence of ours.
  detail text,
  -- Nobody knows what became of this claim: since when (Unix ms), why, the email's class, and what an operator decided. In the row
  -- of the claim, so that whatever ends the one ends the other.
  doubt jsonb,
  PRIMARY KEY (tag, month)
) PARTITION BY RANGE (month);
CREATE INDEX send_in_doubt ON send ((doubt -> 'since')) WHERE doubt IS NOT NULL;
COMMENT ON TABLE send IS 'ends: by the month, provider.remember_sends after it';

-- Gates that the provider's answers closed, and pauses that an operator asked for, by name: gate/account, pause/all.
CREATE TABLE stop (
  name text PRIMARY KEY,
  -- Whole milliseconds: a probe opens only the gate that it has looked at, which is known by this.
  since timestamptz NOT NULL,
  -- For gates: the provider's name for the trouble, a sentence, who opens it, and what the last probe found.
  gate jsonb,
  -- When a worker last took the turn to probe it.
  probed_at timestamptz
);
COMMENT ON TABLE stop IS 'ends: when the gate opens or the operator resumes';

-- How far each ingress has read the provider's feed.
CREATE TABLE feed_reader (
  ingress text PRIMARY KEY,
  -- Everything that the provider reported up to then has been processed.
  read_until timestamptz NOT NULL,
  lease_until timestamptz NOT NULL
);
COMMENT ON TABLE feed_reader IS 'ends: an hour after the lease of the ingress, with the next progress of any';

-- What the feed reported, by the minute in which those emails were dispatched.
CREATE TABLE feed_minute (
  dispatched timestamptz NOT NULL,
  reported integer NOT NULL,
  -- From dispatch to the report, the slowest, in ms.
  slowest_ms bigint NOT NULL,
  PRIMARY KEY (dispatched)
) PARTITION BY RANGE (dispatched);
COMMENT ON TABLE feed_minute IS 'ends: by the month, two months after it';

-- Events, with their personal fields and what was decided about them.
CREATE TABLE event (
  event_id text NOT NULL,
  -- Of its arrival in the stream, so that a redelivery meets the same partition; at most a week from now, so that there is one.
  month date NOT NULL,
  event_type text NOT NULL,
  user_id text NOT NULL,
  happened_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  -- When it was processed for the first time: days after it was received, if the ingress was down for days.
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Fields classed public, which enter Temporal; and the others, which are joined when an email is rendered.
  payload jsonb NOT NULL,
  personal jsonb NOT NULL DEFAULT '{}',
  metadata jsonb,
  -- What the ingress decided: see entries.ts.
  decision jsonb,
  PRIMARY KEY (event_id, month)
) PARTITION BY RANGE (month);
CREATE INDEX event_person ON event (user_id, event_type, recorded_at);
COMMENT ON TABLE event IS 'ends: by the month, decisions.remember after it';

-- Places in journeys that may be entered once, or once in a period. A row is an entry; it is dropped with the month in which it ends.
CREATE TABLE entry (
  user_id text NOT NULL,
  journey text NOT NULL,
  -- SHA-256 of what is counted beside the person, such as a cart's id; '' for the person alone.
  per text NOT NULL,
  event_id text NOT NULL,
  -- By this server's clock, under the lock of the place: the order in which the entries were made.
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  happened_at timestamptz NOT NULL,
  ends_on date NOT NULL,
  PRIMARY KEY (user_id, journey, per, event_id, ends_on)
) PARTITION BY RANGE (ends_on);
COMMENT ON TABLE entry IS 'ends: by the month in which it ends by itself; see entry_never';

-- Entries that are remembered for as long as the person: at most 20 for each person and journey.
CREATE TABLE entry_never PARTITION OF entry FOR VALUES FROM ('infinity') TO (MAXVALUE);
COMMENT ON TABLE entry_never IS 'ends: with the erasure of the person';

-- Runs that listen for events, or that an opt-out ends.
CREATE TABLE running_journey (
  user_id text NOT NULL,
  workflow_id text NOT NULL,
  journey text NOT NULL,
  listens_for text[] NOT NULL,
  topic text,
  transactional boolean NOT NULL,
  since timestamptz NOT NULL,
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- When it was last known that the run has not ended.
  checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, workflow_id)
);
CREATE INDEX running_journey_checked ON running_journey (checked_at);
COMMENT ON TABLE running_journey IS 'ends: seconds after the run, which the ingress follows in Temporal; it also checks each row once a day';

-- Opens and clicks.
CREATE TABLE engagement (
  tag text NOT NULL,
  -- Short hash of the provider's event.
  id text NOT NULL,
  type text NOT NULL CHECK (type IN ('open', 'click')),
  by text NOT NULL CHECK (by IN ('human', 'machine', 'unknown')),
  at timestamptz NOT NULL,
  month date NOT NULL,
  PRIMARY KEY (tag, id, month)
) PARTITION BY RANGE (month);
COMMENT ON TABLE engagement IS 'ends: by the month, 13 months after it';

-- What happened to whom, when and why: append-only. No address.
CREATE TABLE fact (
  -- The same fact twice is one.
  id text NOT NULL,
  at timestamptz NOT NULL,
  what text NOT NULL,
  user_id text,
  address_hash text,
  event_id text,
  tag text,
  journey text,
  template text,
  template_version text,
  topic text,
  -- Further details. Under "personal": fields that an erasure removes.
  details jsonb NOT NULL DEFAULT '{}',
  month date NOT NULL,
  PRIMARY KEY (id, month)
) PARTITION BY RANGE (month);
CREATE INDEX fact_person ON fact (user_id, at) WHERE user_id IS NOT NULL;
CREATE INDEX fact_address ON fact (address_hash, at) WHERE address_hash IS NOT NULL;
COMMENT ON TABLE fact IS 'ends: by the month, 13 months after it';

-- Messages that have a dead letter, so that a redelivery writes no second one.
CREATE TABLE dead_letter (
  id text NOT NULL,
  month date NOT NULL,
  PRIMARY KEY (id, month)
) PARTITION BY RANGE (month);
COMMENT ON TABLE dead_letter IS 'ends: by the month, two months after it';

-- Every template version ever published. A version is its content and never changes.
CREATE TABLE template_version (
  name text NOT NULL,
  version text NOT NULL,
  -- The compiled template: JSON, compressed with Brotli.
  body bytea NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- A rollback took it back: publishing it again must be asked for.
  taken_back boolean NOT NULL DEFAULT false,
  PRIMARY KEY (name, version)
);
COMMENT ON TABLE template_version IS 'ends: never; runs of any age render the version they began with';

-- Which version of a template is sent.
CREATE TABLE template (
  name text PRIMARY KEY,
  live text NOT NULL,
  -- The version that it stays at until it is unpinned.
  pinned text
);
COMMENT ON TABLE template IS 'ends: never; one row for each template';

CREATE TABLE template_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  action text NOT NULL CHECK (action IN ('publish', 'rollback', 'pin', 'unpin')),
  version text NOT NULL,
  live boolean NOT NULL,
  author text NOT NULL,
  message text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX template_history_name ON template_history (name, id);
COMMENT ON TABLE template_history IS 'ends: never; one row for each act of an author';
