BEGIN TRANSACTION;
CREATE TABLE edits (
	id INTEGER NOT NULL, 
	at VARCHAR NOT NULL, 
	"by" VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	why VARCHAR NOT NULL, 
	finding VARCHAR, 
	run VARCHAR, 
	seen INTEGER, 
	PRIMARY KEY (id)
);
INSERT INTO "edits" VALUES(1,'2026-11-26T05:10:10.963+00:00','みどり','add','写真',NULL,NULL,NULL);
INSERT INTO "edits" VALUES(2,'2026-11-26T05:10:10.990+00:00','みどり','label','',NULL,NULL,NULL);
INSERT INTO "edits" VALUES(3,'2026-11-26T05:10:11.017+00:00','みどり','label','',NULL,NULL,NULL);
INSERT INTO "edits" VALUES(4,'2026-11-26T05:10:11.029+00:00','みどり','propose','',NULL,'run-1',NULL);
INSERT INTO "edits" VALUES(5,'2026-11-26T05:10:11.044+00:00','みどり','undo','edit 3',NULL,NULL,NULL);
CREATE TABLE files (
	id INTEGER NOT NULL, 
	path VARCHAR NOT NULL, 
	image VARCHAR(64) NOT NULL, 
	split VARCHAR, 
	role VARCHAR NOT NULL, 
	"group" VARCHAR, 
	source VARCHAR, 
	added INTEGER NOT NULL, 
	removed INTEGER, 
	first INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(image) REFERENCES images (hash), 
	FOREIGN KEY(added) REFERENCES edits (id), 
	FOREIGN KEY(removed) REFERENCES edits (id)
);
INSERT INTO "files" VALUES(1,'a.png','b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a','train','both',NULL,NULL,1,NULL,NULL);
INSERT INTO "files" VALUES(2,'b.png','16477688c0e00699c6cfa4497a3612d7e83c532062b64b250fed8908128ed548',NULL,'both',NULL,NULL,1,NULL,NULL);
CREATE TABLE format (
	number INTEGER NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "format" VALUES(2);
CREATE TABLE images (
	hash VARCHAR(64) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	format VARCHAR NOT NULL, 
	bytes BIGINT NOT NULL, 
	parent VARCHAR(64), 
	PRIMARY KEY (hash)
);
INSERT INTO "images" VALUES('b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a',8,6,'PNG',3,NULL);
INSERT INTO "images" VALUES('16477688c0e00699c6cfa4497a3612d7e83c532062b64b250fed8908128ed548',8,6,'PNG',4,NULL);
CREATE TABLE labels (
	id INTEGER NOT NULL, 
	image VARCHAR(64) NOT NULL, 
	kind VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	x0 FLOAT, 
	y0 FLOAT, 
	x1 FLOAT, 
	y1 FLOAT, 
	"by" VARCHAR NOT NULL, 
	score FLOAT, 
	added INTEGER NOT NULL, 
	removed INTEGER, 
	first INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(image) REFERENCES images (hash), 
	FOREIGN KEY(added) REFERENCES edits (id), 
	FOREIGN KEY(removed) REFERENCES edits (id)
);
INSERT INTO "labels" VALUES(1,'b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a','class','赤',NULL,NULL,NULL,NULL,'みどり',NULL,1,NULL,NULL);
INSERT INTO "labels" VALUES(2,'16477688c0e00699c6cfa4497a3612d7e83c532062b64b250fed8908128ed548','box','瓶',0.5,1.0,3.25,4.0,'みどり',NULL,1,NULL,NULL);
INSERT INTO "labels" VALUES(3,'b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a','box','弁',0.0,0.0,2.0,2.0,'みどり',NULL,2,3,NULL);
INSERT INTO "labels" VALUES(4,'b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a','box','弁',1.0,1.0,4.0,4.0,'みどり',NULL,3,5,NULL);
INSERT INTO "labels" VALUES(5,'16477688c0e00699c6cfa4497a3612d7e83c532062b64b250fed8908128ed548','box','弁',0.0,0.0,1.0,1.0,'run-1',0.9,4,NULL,NULL);
INSERT INTO "labels" VALUES(6,'b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a','box','弁',0.0,0.0,2.0,2.0,'みどり',NULL,5,NULL,3);
CREATE TABLE looks (
	"by" VARCHAR NOT NULL, 
	image VARCHAR(64) NOT NULL, 
	at VARCHAR NOT NULL, 
	PRIMARY KEY ("by", image), 
	FOREIGN KEY(image) REFERENCES images (hash)
);
INSERT INTO "looks" VALUES('みどり','b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a','2026-11-26T05:10:11.088+00:00');
CREATE TABLE refusals (
	path VARCHAR NOT NULL, 
	found VARCHAR NOT NULL, 
	fix VARCHAR NOT NULL, 
	PRIMARY KEY (path)
);
CREATE TABLE undone (
	edit INTEGER NOT NULL, 
	"by" INTEGER NOT NULL, 
	PRIMARY KEY (edit, "by"), 
	FOREIGN KEY(edit) REFERENCES edits (id), 
	FOREIGN KEY("by") REFERENCES edits (id)
);
INSERT INTO "undone" VALUES(3,5);
CREATE INDEX undone_by ON undone ("by");
CREATE INDEX files_first ON files (first) WHERE first IS NOT NULL;
CREATE INDEX files_removed ON files (removed) WHERE removed IS NOT NULL;
CREATE INDEX files_added ON files (added);
CREATE INDEX files_image ON files (image);
CREATE UNIQUE INDEX files_live_path ON files (path) WHERE removed IS NULL;
CREATE INDEX labels_first ON labels (first) WHERE first IS NOT NULL;
CREATE INDEX labels_image ON labels (image);
CREATE INDEX labels_added ON labels (added);
CREATE INDEX labels_removed ON labels (removed) WHERE removed IS NOT NULL;
COMMIT;
