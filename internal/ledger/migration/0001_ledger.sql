-- The ledger: what exists, what its own file does not hold yet, who may call.
-- Times are Unix microseconds, UTC. uptime is seconds that a server has run on
-- this ledger; only it decides what is old, so that a wall clock that jumps
-- drops nothing.

-- One row: what is true of the whole ledger.
CREATE TABLE meta (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  epoch       TEXT    NOT NULL CHECK (length(epoch) = 16 AND epoch NOT GLOB '*[^A-Z0-9]*'),
  last_lsn    INTEGER NOT NULL CHECK (last_lsn >= 0),
  uptime      INTEGER NOT NULL CHECK (uptime >= 0),
  created_at  INTEGER NOT NULL
) STRICT;

-- The registry: one row for each object that exists. AUTOINCREMENT promises
-- that a generation is never used twice.
CREATE TABLE object (
  generation  INTEGER PRIMARY KEY AUTOINCREMENT CHECK (generation > 0),
  class       TEXT    NOT NULL CHECK (class <> ''),
  id          TEXT    NOT NULL CHECK (id <> ''),
  status      INTEGER NOT NULL,
  type        TEXT    NOT NULL,
  created_by  TEXT    NOT NULL,
  tags        TEXT    NOT NULL CHECK (tags = '' OR json_valid(tags)), -- array; '' is none
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  sequence    INTEGER NOT NULL CHECK (sequence > 0),
  last_lsn    INTEGER NOT NULL CHECK (last_lsn > 0),
  last_hash   INTEGER NOT NULL,
  state       BLOB    NOT NULL,
  UNIQUE (class, id)
) STRICT;

-- Each ends in the generation, which is the rowid, and so lists newest first.
CREATE INDEX object_class   ON object (class);
CREATE INDEX object_status  ON object (class, status);
CREATE INDEX object_type    ON object (class, type)       WHERE type <> '';
CREATE INDEX object_creator ON object (class, created_by) WHERE created_by <> '';
CREATE INDEX object_lsn     ON object (class, last_lsn);

-- What is large and seldom changes; no row if both are empty.
CREATE TABLE detail (
  generation  INTEGER PRIMARY KEY,
  metadata    BLOB    NOT NULL,
  result      BLOB    NOT NULL
) STRICT;

CREATE TABLE tag (
  class       TEXT    NOT NULL,
  tag         TEXT    NOT NULL CHECK (tag <> ''),
  generation  INTEGER NOT NULL,
  PRIMARY KEY (class, tag, generation)
) STRICT, WITHOUT ROWID;

-- Events that are durable here until the object's own file holds them.
CREATE TABLE journal (
  generation  INTEGER NOT NULL,
  sequence    INTEGER NOT NULL CHECK (sequence > 0),
  lsn         INTEGER NOT NULL CHECK (lsn > 0),
  hash        INTEGER NOT NULL,
  entry       BLOB    NOT NULL,
  PRIMARY KEY (generation, sequence)
) STRICT, WITHOUT ROWID;

-- How many objects there are, kept in the commit; rows at 0 are removed.
CREATE TABLE tally (
  class       TEXT    NOT NULL,
  created_by  TEXT    NOT NULL,
  status      INTEGER NOT NULL,
  n           INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (class, created_by, status)
) STRICT, WITHOUT ROWID;

-- Objects that were deleted, for a day.
CREATE TABLE tombstone (
  generation  INTEGER PRIMARY KEY,
  class       TEXT    NOT NULL,
  id          TEXT    NOT NULL,
  lsn         INTEGER NOT NULL CHECK (lsn > 0),
  deleted_at  INTEGER NOT NULL,
  uptime      INTEGER NOT NULL,
  unlinked    INTEGER NOT NULL DEFAULT 0 CHECK (unlinked IN (0, 1))
) STRICT;

CREATE INDEX tombstone_lsn    ON tombstone (class, lsn);
CREATE INDEX tombstone_linked ON tombstone (generation) WHERE unlinked = 0;

-- Calls that carried an idempotency key and had an effect. Its key is the ledger
-- position, so that rows are added at the end and dropped from the beginning;
-- digest8 is the begin of the digest, which finds a row in a small index.
CREATE TABLE receipt (
  lsn         INTEGER PRIMARY KEY,
  digest8     INTEGER NOT NULL,
  digest      BLOB    NOT NULL CHECK (length(digest) = 32),
  request     BLOB    NOT NULL CHECK (length(request) = 32),
  generation  INTEGER NOT NULL,
  sequence    INTEGER NOT NULL,
  code        INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  uptime      INTEGER NOT NULL,
  object      BLOB    NOT NULL  -- the row after the call, see receipt.go
) STRICT;

CREATE INDEX receipt_digest ON receipt (digest8);
CREATE INDEX receipt_object ON receipt (generation);

-- Keys of callers. The secret itself is never stored.
CREATE TABLE api_key (
  id            TEXT    PRIMARY KEY,
  name          TEXT    NOT NULL,
  subject       TEXT    NOT NULL,
  secret_hash   BLOB    NOT NULL CHECK (length(secret_hash) = 32), -- SHA-256
  scopes        TEXT    NOT NULL CHECK (json_valid(scopes)),       -- array
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL, -- 0: never
  last_used_at  INTEGER NOT NULL, -- 0: never
  revoked_at    INTEGER NOT NULL  -- 0: not revoked
) STRICT, WITHOUT ROWID;
