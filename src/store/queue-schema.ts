/**
 * One text a schema version of queue.db; never change one that was released.
 *
 * Every row begins with a tag that names its table, and holds its plant and device type itself: from a damaged file the
 * rows are read page by page, without the trees above them (carve-rows.ts). For the same reason no table is WITHOUT
 * ROWID. What changes with every failed call lies beside the pushes, not in them: an update would write whole pages of
 * bodies again.
 */
export const QUEUE_SCHEMA_STEPS = [`
  CREATE TABLE lanes (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    plant TEXT NOT NULL,
    device_type TEXT NOT NULL,
    live INTEGER NOT NULL,
    next_seq INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    finished TEXT NOT NULL
  ) STRICT;
  CREATE TABLE pushes (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    lane INTEGER NOT NULL,
    lane_seq INTEGER NOT NULL,
    receipt INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    plant TEXT NOT NULL,
    device_type TEXT NOT NULL,
    live INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    digest BLOB NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX pushes_by_lane ON pushes (lane, id, lane_seq, bytes);
  CREATE TABLE failures (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    failures INTEGER NOT NULL,
    first_failed_at_ms INTEGER NOT NULL,
    doubtful_call INTEGER
  ) STRICT;
  CREATE TABLE parked (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    lane INTEGER NOT NULL,
    lane_seq INTEGER NOT NULL,
    receipt INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    plant TEXT NOT NULL,
    device_type TEXT NOT NULL,
    live INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    parked_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    cloud_request_id TEXT,
    digest BLOB NOT NULL,
    body BLOB
  ) STRICT;
  CREATE INDEX parked_by_state ON parked (state, lane, bytes);
  CREATE INDEX parked_by_receipt ON parked (receipt);
  CREATE TABLE receipts (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    request_id TEXT NOT NULL,
    lane INTEGER NOT NULL,
    lane_seq INTEGER NOT NULL,
    plant TEXT NOT NULL,
    device_type TEXT NOT NULL,
    live INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    records INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    parked INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    cloud_request_ids TEXT NOT NULL,
    reasons TEXT NOT NULL,
    updated_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX receipts_by_request ON receipts (id >> 11, request_id);
  CREATE INDEX receipts_finished ON receipts (updated_at_ms) WHERE waiting = 0 AND parked = 0;
`, `
  CREATE TABLE repeat_keys (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    key_digest TEXT NOT NULL,
    body_digest TEXT NOT NULL
  ) STRICT;
`, `
  DROP INDEX pushes_by_lane;
  CREATE INDEX pushes_by_lane ON pushes (lane, id, lane_seq, bytes, record_count);
  DROP INDEX parked_by_state;
  CREATE INDEX parked_by_state ON parked (state, lane, bytes, record_count);
  CREATE TABLE parked_records (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    parked INTEGER NOT NULL,
    record INTEGER NOT NULL,
    delivered_at_ms INTEGER
  ) STRICT;
  CREATE INDEX parked_records_by_record ON parked_records (record);
  CREATE INDEX parked_records_by_parked ON parked_records (parked);
`, `
  CREATE TABLE repairs (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    repairs TEXT NOT NULL
  ) STRICT;
`, `
  CREATE TABLE bundles (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    last_id INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    plant TEXT NOT NULL,
    device_type TEXT NOT NULL,
    live INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    records INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    seal BLOB NOT NULL,
    bodies_seal BLOB NOT NULL,
    heads BLOB NOT NULL,
    bodies BLOB NOT NULL
  ) STRICT;
  CREATE INDEX bundles_by_lane ON bundles (lane, id, last_id, first_seq, entries, bytes, records);
  CREATE TABLE bundle_receipts (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    last_id INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    plant TEXT NOT NULL,
    device_type TEXT NOT NULL,
    live INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    cloud_request_ids TEXT NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    endings BLOB NOT NULL,
    content BLOB NOT NULL,
    seal BLOB NOT NULL,
    heads BLOB NOT NULL
  ) STRICT;
  CREATE INDEX bundle_receipts_finished ON bundle_receipts (updated_at_ms, entries, lane) WHERE state = 'delivered';
`] as const

/** The tables of the newest version: their tag, and their columns in the order of the file. */
export const QUEUE_TABLES = {
  lanes: ['lane', ['id', 'tag', 'plant', 'device_type', 'live', 'next_seq', 'last_id', 'finished']],
  pushes: ['push', ['id', 'tag', 'lane', 'lane_seq', 'receipt', 'request_id', 'plant', 'device_type', 'live', 'record_count', 'bytes',
    'received_at_ms', 'digest', 'body']],
  failures: ['failure', ['id', 'tag', 'failures', 'first_failed_at_ms', 'doubtful_call']],
  parked: ['parked', ['id', 'tag', 'lane', 'lane_seq', 'receipt', 'request_id', 'plant', 'device_type', 'live', 'record_count', 'bytes',
    'received_at_ms', 'parked_at_ms', 'state', 'code', 'message', 'cloud_request_id', 'digest', 'body']],
  receipts: ['receipt', ['id', 'tag', 'request_id', 'lane', 'lane_seq', 'plant', 'device_type', 'live', 'received_at_ms', 'records',
    'waiting', 'delivered', 'parked', 'skipped', 'lost', 'cloud_request_ids', 'reasons', 'updated_at_ms']],
  // Not columns of the receipts: rows from before would then be shorter than their table, and not be read from a damaged file.
  repeat_keys: ['repeat-key', ['id', 'tag', 'key_digest', 'body_digest']],
  parked_records: ['record', ['id', 'tag', 'parked', 'record', 'delivered_at_ms']],
  repairs: ['repairs', ['id', 'tag', 'repairs']],
  bundles: ['bundle', ['id', 'tag', 'last_id', 'lane', 'first_seq', 'plant', 'device_type', 'live', 'entries', 'bytes', 'records',
    'received_at_ms', 'seal', 'bodies_seal', 'heads', 'bodies']],
  bundle_receipts: ['bundle-receipt', ['id', 'tag', 'last_id', 'lane', 'first_seq', 'plant', 'device_type', 'live', 'entries',
    'received_at_ms', 'state', 'cloud_request_ids', 'updated_at_ms', 'endings', 'content', 'seal', 'heads']]
} as const satisfies Record<string, readonly [tag: string, columns: readonly string[]]>

export type QueueTable = keyof typeof QUEUE_TABLES

/** An INSERT of a whole row for each table; its values come in the order of the columns. */
export const INSERT_INTO: Readonly<Record<QueueTable, string>> = {
  lanes: insertInto('lanes'),
  pushes: insertInto('pushes'),
  failures: insertInto('failures'),
  parked: insertInto('parked'),
  receipts: insertInto('receipts'),
  repeat_keys: insertInto('repeat_keys'),
  parked_records: insertInto('parked_records'),
  repairs: insertInto('repairs'),
  bundles: insertInto('bundles'),
  bundle_receipts: insertInto('bundle_receipts')
}

function insertInto (table: QueueTable): string {
  const [, columns] = QUEUE_TABLES[table]
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
}
