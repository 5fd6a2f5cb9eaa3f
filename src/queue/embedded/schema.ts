/** Where a message is. */
export const READY = 0
export const DELAYED = 1
export const IN_FLIGHT = 2

export type State = typeof READY | typeof DELAYED | typeof IN_FLIGHT

/** Who works on what is in flight: it dies with this process, or it does not. */
export const OURS = 1
export const CLIENTS = 0

/** Of the tables below; a file of a later one is left alone. */
export const SCHEMA_VERSION = 1
/** `SPLQ`: what `file` says of it. */
export const APPLICATION_ID = 0x53_50_4c_51

/**
 * What changes with every receive is a small row of its own, and the text beside it is written once.
 * A queue's number changes when it is purged: what is left under the old one is collected by and by.
 */
export const SCHEMA: string = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE queues (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE messages (
  queue INTEGER NOT NULL,
  id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  grp TEXT,
  sent_ms INTEGER NOT NULL,
  received INTEGER NOT NULL,
  first_ms INTEGER,
  token TEXT,
  holder INTEGER,
  PRIMARY KEY (queue, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ready ON messages (queue, rank) WHERE state = ${READY};
CREATE INDEX hidden ON messages (due_ms) WHERE state > ${READY};
CREATE INDEX grouped ON messages (queue, grp, rank) WHERE grp IS NOT NULL;

CREATE TABLE bodies (
  id INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL,
  body TEXT NOT NULL,
  attributes TEXT,
  md5 TEXT NOT NULL,
  md5_attributes TEXT,
  dedup TEXT,
  trace TEXT,
  source TEXT,
  checksum INTEGER NOT NULL
) STRICT;

-- Of FIFO queues: a group is open where nothing of it is in flight and its first message is ready.
CREATE TABLE groups (
  queue INTEGER NOT NULL,
  grp TEXT NOT NULL,
  in_flight INTEGER NOT NULL,
  head INTEGER,
  PRIMARY KEY (queue, grp)
) STRICT, WITHOUT ROWID;
CREATE INDEX open ON groups (queue, head) WHERE in_flight = 0 AND head IS NOT NULL;

CREATE TABLE dedup (
  queue INTEGER NOT NULL,
  key TEXT NOT NULL,
  id INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  until_ms INTEGER NOT NULL,
  PRIMARY KEY (queue, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX dedup_until ON dedup (until_ms);

CREATE TABLE garbage (queue INTEGER PRIMARY KEY) STRICT;

-- What was found to be other than it was written: nobody receives it, and nothing throws it away.
CREATE TABLE corrupt (
  queue TEXT NOT NULL,
  id INTEGER NOT NULL,
  found_ms INTEGER NOT NULL,
  message_id TEXT,
  body BLOB,
  attributes TEXT
) STRICT;

PRAGMA user_version = ${SCHEMA_VERSION};
PRAGMA application_id = ${APPLICATION_ID};
`
