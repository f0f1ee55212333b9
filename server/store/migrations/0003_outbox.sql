-- What is brought to others: a webhook, mail. An event is an audit entry; `mark` names its row.
CREATE TABLE subscriber (name TEXT PRIMARY KEY, mark INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE parcel (
    subscriber TEXT    NOT NULL,
    mark       INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    due        INTEGER,                       -- NULL: it is over
    lost       INTEGER NOT NULL,              -- 1: it is over and nobody has it
    happened   INTEGER NOT NULL,
    data       TEXT    NOT NULL,
    PRIMARY KEY (subscriber, mark, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX parcel_due ON parcel (subscriber, due) WHERE due IS NOT NULL;
CREATE INDEX parcel_happened ON parcel (happened);
