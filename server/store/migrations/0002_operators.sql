-- Operators: few, read whole at the start. Their second factors are rows of their own users.
CREATE TABLE operator (name TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT, WITHOUT ROWID;
