CREATE TABLE counter_metadata(id INTEGER PRIMARY KEY,name TEXT,value INT,created_at INT,updated_at INT,operation_count INT,initial_value INT,previous_value INT,created_by TEXT,generation INT,epoch TEXT,sequence INT,first_sequence INT,lsn INT,hash INT);
CREATE TABLE counter_history(id INTEGER PRIMARY KEY,kind TEXT,value INT,previous_value INT,timestamp INT,actor TEXT,lsn INT,hash INT);
