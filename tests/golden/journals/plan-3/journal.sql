BEGIN TRANSACTION;
CREATE TABLE run (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account     TEXT NOT NULL,
    target      TEXT NOT NULL,
    software    TEXT NOT NULL,
    plan_file   TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    state       TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    ended_at    TEXT
);
INSERT INTO "run" VALUES(1,'jdoe@bluemind.loc','@LOGIN1@@bluemind.loc on @SERVER@, Cyrus 3.6.1','0.1.0','runs/1/plan.jsonl','@DIGEST@','running','2024-11-29T02:12:55+00:00',NULL);
INSERT INTO "run" VALUES(2,'jdoe@bluemind.loc','@LOGIN2@@bluemind.loc on @SERVER@, Cyrus 3.6.1','0.1.0','runs/2/plan.jsonl','@DIGEST@','done','2024-11-29T02:12:57+00:00','2024-11-29T02:12:58+00:00');
CREATE TABLE step (
    run         INTEGER NOT NULL REFERENCES run (id),
    number      INTEGER NOT NULL,
    lane        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    line_offset INTEGER NOT NULL,
    line_length INTEGER NOT NULL,
    state       TEXT NOT NULL,
    before      TEXT,
    receipt     TEXT,
    error       TEXT,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
INSERT INTO "step" VALUES(1,0,'','spool-create-mailbox',3882,147,'started','{"existed":false}',NULL,NULL);
INSERT INTO "step" VALUES(1,1,'','spool-create-mailbox',4029,156,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,2,'','spool-create-mailbox',4185,161,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,3,'','spool-create-mailbox',4346,164,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,4,'user/@LOGIN1@/cut-off/Projects/2017@bluemind.loc','spool-copy-messages',4510,758,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,5,'user/@LOGIN1@/cut-off/Projects/2017@bluemind.loc','spool-write-index',5268,400,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,6,'user/@LOGIN1@/cut-off/Projects/2017@bluemind.loc','spool-rebuild-mailbox',5668,99,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,7,'user/@LOGIN1@/cut-off/Projects/2017/Q3@bluemind.loc','spool-copy-messages',5767,951,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,8,'user/@LOGIN1@/cut-off/Projects/2017/Q3@bluemind.loc','spool-write-index',6718,409,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,9,'user/@LOGIN1@/cut-off/Projects/2017/Q3@bluemind.loc','spool-rebuild-mailbox',7127,102,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,10,'','spool-repair-quota',7229,213,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,11,'user/@LOGIN1@/cut-off/Projects/2017@bluemind.loc','prove-mailbox',7442,201,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,12,'user/@LOGIN1@/cut-off/Projects/2017/Q3@bluemind.loc','prove-mailbox',7643,209,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,13,'','spool-give-rights',7852,163,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,14,'','spool-give-rights',8015,160,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,15,'','spool-give-rights',8175,155,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,16,'','spool-give-rights',8330,146,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,17,'','spool-subscribe',8476,186,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,18,'','spool-subscribe',8662,206,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,19,'','spool-subscribe',8868,218,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,20,'','spool-subscribe',9086,226,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,21,'','prove-subscriptions',9312,51,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,22,'user/@LOGIN1@/cut-off/Projects/2017@bluemind.loc','spool-annotate',9363,276,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(1,23,'user/@LOGIN1@/cut-off/Projects/2017@bluemind.loc','prove-annotations',9639,96,'waiting',NULL,NULL,NULL);
INSERT INTO "step" VALUES(2,0,'','spool-create-mailbox',3849,144,'done','{"existed":false}','{"uniqueid":"@ID0@","uidvalidity":@UIDVALIDITY0@,"rights_given":{"@LOGIN2@@bluemind.loc":"lrswipkxtecdan"}}',NULL);
INSERT INTO "step" VALUES(2,1,'','spool-create-mailbox',3993,153,'done','{"existed":false}','{"uniqueid":"@ID1@","uidvalidity":@UIDVALIDITY1@,"rights_given":{"@LOGIN2@@bluemind.loc":"lkxcan","admin0":"lrswipkxtecda"}}',NULL);
INSERT INTO "step" VALUES(2,2,'','spool-create-mailbox',4146,158,'done','{"existed":false}','{"uniqueid":"@ID2@","uidvalidity":@UIDVALIDITY2@,"rights_given":{"@LOGIN2@@bluemind.loc":"lkxcan","admin0":"lrswipkxtecda"}}',NULL);
INSERT INTO "step" VALUES(2,3,'','spool-create-mailbox',4304,161,'done','{"existed":false}','{"uniqueid":"@ID3@","uidvalidity":@UIDVALIDITY3@,"rights_given":{"@LOGIN2@@bluemind.loc":"lkxcan","admin0":"lrswipkxtecda"}}',NULL);
INSERT INTO "step" VALUES(2,4,'user/@LOGIN2@/back/Projects/2017@bluemind.loc','spool-copy-messages',4465,755,'done','{}','{"copied":4,"lost":{},"guids":{}}',NULL);
INSERT INTO "step" VALUES(2,5,'user/@LOGIN2@/back/Projects/2017@bluemind.loc','spool-write-index',5220,397,'done','{}','{"records":4,"keywords":["Travail"],"cached":4}',NULL);
INSERT INTO "step" VALUES(2,6,'user/@LOGIN2@/back/Projects/2017@bluemind.loc','spool-rebuild-mailbox',5617,96,'done','{}','{"changed":["user/@LOGIN2@/back/Projects/2017@bluemind.loc","Converted user/@LOGIN2@/back/Projects/2017@bluemind.loc version 12 to 17","bluemind.loc!user.@LOGIN2@.back.Projects.2017 rewrote cache for 1 (offset 0 to 3132, crc 970442942 to 970442942/970442942)","bluemind.loc!user.@LOGIN2@.back.Projects.2017 rewrote cache for 2 (offset 0 to 3880, crc 1485538559 to 1485538559/1485538559)","bluemind.loc!user.@LOGIN2@.back.Projects.2017 rewrote cache for 3 (offset 0 to 4628, crc 3349459688 to 3349459688/3349459688)","bluemind.loc!user.@LOGIN2@.back.Projects.2017 rewrote cache for 4 (offset 0 to 5452, crc 2654148232 to 4291726011/4291726011)","user/@LOGIN2@/back/Projects/2017@bluemind.loc"],"converted":17}',NULL);
INSERT INTO "step" VALUES(2,7,'user/@LOGIN2@/back/Projects/2017/Q3@bluemind.loc','spool-copy-messages',5713,948,'done','{}','{"copied":6,"lost":{},"guids":{}}',NULL);
INSERT INTO "step" VALUES(2,8,'user/@LOGIN2@/back/Projects/2017/Q3@bluemind.loc','spool-write-index',6661,406,'done','{}','{"records":6,"keywords":["$label1"],"cached":6}',NULL);
INSERT INTO "step" VALUES(2,9,'user/@LOGIN2@/back/Projects/2017/Q3@bluemind.loc','spool-rebuild-mailbox',7067,99,'done','{}','{"changed":["user/@LOGIN2@/back/Projects/2017/Q3@bluemind.loc","Converted user/@LOGIN2@/back/Projects/2017/Q3@bluemind.loc version 12 to 17","bluemind.loc!user.@LOGIN2@.back.Projects.2017.Q3 rewrote cache for 1 (offset 0 to 6436, crc 4177406836 to 4177406836/4177406836)","bluemind.loc!user.@LOGIN2@.back.Projects.2017.Q3 rewrote cache for 3 (offset 0 to 7672, crc 3246516956 to 2820422602/2820422602)","bluemind.loc!user.@LOGIN2@.back.Projects.2017.Q3 rewrote cache for 4 (offset 0 to 8572, crc 2659889692 to 1635172267/1635172267)","bluemind.loc!user.@LOGIN2@.back.Projects.2017.Q3 rewrote cache for 5 (offset 0 to 9524, crc 3531272345 to 3531272345/3531272345)","bluemind.loc!user.@LOGIN2@.back.Projects.2017.Q3 rewrote cache for 6 (offset 0 to 10296, crc 71409717 to 2146902095/2146902095)","bluemind.loc!user.@LOGIN2@.back.Projects.2017.Q3 rewrote cache for 7 (offset 0 to 11168, crc 3027362121 to 3027362121/3027362121)","user/@LOGIN2@/back/Projects/2017/Q3@bluemind.loc"],"converted":17}',NULL);
INSERT INTO "step" VALUES(2,10,'','spool-repair-quota',7166,213,'done','{"use":{}}','{"repaired":[],"use":{}}',NULL);
INSERT INTO "step" VALUES(2,11,'user/@LOGIN2@/back/Projects/2017@bluemind.loc','prove-mailbox',7379,195,'done','{"owner_rights":"lkxcan"}','{"by":"owner","expected":4,"proven":4,"counts":{},"differs":[],"messages_in_target":4}',NULL);
INSERT INTO "step" VALUES(2,12,'user/@LOGIN2@/back/Projects/2017/Q3@bluemind.loc','prove-mailbox',7574,203,'done','{"owner_rights":"lkxcan"}','{"by":"owner","expected":6,"proven":6,"counts":{},"differs":[],"messages_in_target":6}',NULL);
INSERT INTO "step" VALUES(2,13,'','spool-give-rights',7777,160,'done','{"rights":{"@LOGIN2@@bluemind.loc":"lrkxcan","admin0":"lrswipkxtecda"}}','{"rights":{"@LOGIN2@@bluemind.loc":"lrswipkxtecdan"}}',NULL);
INSERT INTO "step" VALUES(2,14,'','spool-give-rights',7937,157,'done','{"rights":{"@LOGIN2@@bluemind.loc":"lrkxcan","admin0":"lrswipkxtecda"}}','{"rights":{"@LOGIN2@@bluemind.loc":"lrswipkxtecdan"}}',NULL);
INSERT INTO "step" VALUES(2,15,'','spool-give-rights',8094,152,'done','{"rights":{"@LOGIN2@@bluemind.loc":"lkxcan","admin0":"lrswipkxtecda"}}','{"rights":{"@LOGIN2@@bluemind.loc":"lrswipkxtecdan"}}',NULL);
INSERT INTO "step" VALUES(2,16,'','spool-give-rights',8246,143,'done','{"rights":{"@LOGIN2@@bluemind.loc":"lkxcan","admin0":"lrswipkxtecda"}}','{"rights":{"@LOGIN2@@bluemind.loc":"lrswipkxtecdan"}}',NULL);
INSERT INTO "step" VALUES(2,17,'','spool-subscribe',8389,180,'done','{}','{"userid":"@LOGIN2@@bluemind.loc","subscribed":"back"}',NULL);
INSERT INTO "step" VALUES(2,18,'','spool-subscribe',8569,200,'done','{}','{"userid":"@LOGIN2@@bluemind.loc","subscribed":"back/Projects"}',NULL);
INSERT INTO "step" VALUES(2,19,'','spool-subscribe',8769,212,'done','{}','{"userid":"@LOGIN2@@bluemind.loc","subscribed":"back/Projects/2017"}',NULL);
INSERT INTO "step" VALUES(2,20,'','spool-subscribe',8981,220,'done','{}','{"userid":"@LOGIN2@@bluemind.loc","subscribed":"back/Projects/2017/Q3"}',NULL);
INSERT INTO "step" VALUES(2,21,'','prove-subscriptions',9201,51,'done','{}','{"users":[{"userid":"@LOGIN2@@bluemind.loc","proven":4,"missing":[]}]}',NULL);
INSERT INTO "step" VALUES(2,22,'user/@LOGIN2@/back/Projects/2017@bluemind.loc','spool-annotate',9252,270,'done','{}','{"userid":"@LOGIN2@@bluemind.loc","refused":[]}',NULL);
INSERT INTO "step" VALUES(2,23,'user/@LOGIN2@/back/Projects/2017@bluemind.loc','prove-annotations',9522,93,'done','{}','{"planned":1,"proven":1,"differs":[]}',NULL);
CREATE INDEX step_lane ON step (run, lane, number);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',2);
COMMIT;
PRAGMA user_version = 1;
