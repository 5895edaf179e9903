-- Plausible rows for schema.sql, a pure function of two psql variables: `seed` (an integer) and
-- `start` (milliseconds since the Unix epoch; every time is before it). u(table, row, column) is a
-- hash in [0, 1), so that a row never depends on the order in which rows are made.

-- No foreign key is checked row by row here: the rows refer to what they are made from.
SET session_replication_role = replica;
SET ROLE llm_research_api;

CREATE FUNCTION pg_temp.u(kind text, row_number bigint, field text) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN (hashtextextended(kind || '/' || row_number || '/' || field, :seed) & 4503599627370495)::float8 / 4503599627370496;

CREATE FUNCTION pg_temp.pick(choices text[], u float8) RETURNS text
LANGUAGE sql IMMUTABLE RETURN choices[1 + floor(u * cardinality(choices))::int];

-- A time within `days` before the start, denser towards it, in whole milliseconds.
CREATE FUNCTION pg_temp.before(days float8, u float8) RETURNS timestamptz
LANGUAGE sql IMMUTABLE
RETURN to_timestamp((:start - floor(days * 86400000 * u * u)) / 1000.0);

BEGIN;

INSERT INTO users
SELECT n,
       lower(given || '.' || family || n), lower(given || '.' || family || n) || '@llm-research-lab.company.com',
       given || ' ' || family,
       pg_temp.pick('{alignment,evaluation,retrieval,efficiency,safety,platform}', pg_temp.u('users', n, 'team')),
       CASE WHEN n <= 2 THEN 'admin' WHEN pg_temp.u('users', n, 'role') < 0.1 THEN 'lead'
            WHEN pg_temp.u('users', n, 'role') < 0.85 THEN 'researcher' ELSE 'viewer' END,
       pg_temp.u('users', n, 'active') < 0.94,
       '$argon2id$v=19$m=19456,t=2,p=1$' || md5(:seed || '/salt/' || n) || '$' || md5(:seed || '/hash/' || n),
       CASE WHEN pg_temp.u('users', n, 'key') < 0.6 THEN md5(:seed || '/key/' || n) END,
       to_timestamp(:start / 1000.0) - make_interval(days => 120 + floor(600 * pg_temp.u('users', n, 'created'))::int),
       pg_temp.before(30, pg_temp.u('users', n, 'login'))
FROM (
    SELECT n,
           pg_temp.pick('{Ada,Bela,Chidi,Dana,Emil,Fatou,Grace,Hiro,Ines,Jonas,Kaya,Lena,Mateo,Nadia,Oskar,Priya,Quinn,Rosa,Sven,Tala,Uma,Viktor,Wen,Yara,Zoe}',
                        pg_temp.u('users', n, 'given')) AS given,
           pg_temp.pick('{Abe,Berg,Cruz,Diallo,Engel,Fox,Garcia,Haas,Ivanov,Jensen,Khan,Lopez,Mori,Novak,Okafor,Patel,Reyes,Sato,Tran,Weber}',
                        pg_temp.u('users', n, 'family')) AS family
    FROM generate_series(1, 140) AS n
) AS names;

INSERT INTO datasets
SELECT n,
       pg_temp.pick('{helpdesk,legal,biomedical,code-review,news,math-word,dialogue,long-context,multilingual,tool-use}', pg_temp.u('datasets', n, 'domain'))
           || '-' || pg_temp.pick('{qa,summaries,preferences,rubrics,traces,retrieval}', pg_temp.u('datasets', n, 'kind')) || '-' || lpad(n::text, 3, '0'),
       'Curated for ' || pg_temp.pick('{evaluation,regression tests,ablation studies,red teaming}', pg_temp.u('datasets', n, 'use')),
       1 + floor(140 * pg_temp.u('datasets', n, 'owner'))::bigint,
       pg_temp.pick('{private,team,team,public}', pg_temp.u('datasets', n, 'visibility')),
       to_timestamp(:start / 1000.0) - make_interval(days => 100 + floor(300 * pg_temp.u('datasets', n, 'created'))::int)
FROM generate_series(1, 90) AS n;

INSERT INTO dataset_versions
SELECT (d.id - 1) * 3 + k, d.id, k || '.0.0', 's3://llm-research-lab-datasets/' || d.name || '/' || k || '.0.0/',
       samples, samples * (400 + floor(3600 * pg_temp.u('dataset_versions', d.id, 'width'))::bigint),
       encode(sha256((:seed || '/' || d.id || '/' || k)::bytea), 'hex'), d.created_at + make_interval(days => 30 * (k - 1))
FROM datasets AS d
CROSS JOIN LATERAL generate_series(1, 1 + floor(3 * pg_temp.u('datasets', d.id, 'versions'))::int) AS k
CROSS JOIN LATERAL (SELECT (500 * exp(5 * pg_temp.u('dataset_versions', d.id * 3 + k, 'samples')))::bigint AS samples) AS s;

INSERT INTO models VALUES
    (1, 'openai', 'gpt-4.1', 1047576, 2.00, 8.00), (2, 'openai', 'gpt-4.1-mini', 1047576, 0.40, 1.60),
    (3, 'anthropic', 'claude-sonnet-4', 200000, 3.00, 15.00), (4, 'anthropic', 'claude-3-5-haiku', 200000, 0.80, 4.00),
    (5, 'google', 'gemini-2.5-pro', 1048576, 1.25, 10.00), (6, 'mistral', 'mistral-large-2', 131072, 2.00, 6.00),
    (7, 'self-hosted', 'llama-3.3-70b', 131072, 0.60, 0.60), (8, 'self-hosted', 'qwen-2.5-72b', 131072, 0.60, 0.60);

INSERT INTO experiments
SELECT md5(:seed || '/experiment/' || n)::uuid,
       pg_temp.pick('{prompt,ablation,baseline,regression,distillation,judge,retrieval}', pg_temp.u('experiments', n, 'kind')) || '-' || lpad(n::text, 5, '0'),
       'Run ' || n || ' of the ' || pg_temp.pick('{weekly,nightly,release,exploratory}', pg_temp.u('experiments', n, 'series')) || ' series',
       1 + floor(140 * power(pg_temp.u('experiments', n, 'owner'), 2))::bigint,
       v.id, 1 + floor(8 * pg_temp.u('experiments', n, 'model'))::bigint,
       (CASE WHEN age < interval '20 minutes' THEN pg_temp.pick('{pending,queued,running,running}', roll)
             WHEN age < interval '2 hours' AND roll < 0.5 THEN 'running'
             WHEN roll < 0.89 THEN 'completed' WHEN roll < 0.96 THEN 'failed' ELSE 'cancelled' END)::experiment_status,
       1 + floor(9 * pg_temp.u('experiments', n, 'priority'))::smallint,
       jsonb_build_object('temperature', round(pg_temp.u('experiments', n, 'temperature')::numeric, 2),
                          'max_tokens', 256 * (1 + floor(16 * pg_temp.u('experiments', n, 'max_tokens'))::int),
                          'seed', floor(1000000 * pg_temp.u('experiments', n, 'seed'))::int,
                          'metrics', jsonb_build_array('accuracy', pg_temp.pick('{rouge_l,bleu,exact_match,judge}', pg_temp.u('experiments', n, 'metric')))),
       created, least(created + make_interval(secs => 60 + 5400 * power(pg_temp.u('experiments', n, 'length'), 3)), to_timestamp(:start / 1000.0))
FROM generate_series(1, 4000 + floor(1000 * pg_temp.u('experiments', 0, 'count'))::int) AS n
CROSS JOIN LATERAL (SELECT pg_temp.before(90, pg_temp.u('experiments', n, 'created')) AS created, pg_temp.u('experiments', n, 'status') AS roll,
                           1 + floor(90 * pg_temp.u('experiments', n, 'dataset'))::bigint AS dataset OFFSET 0) AS c
CROSS JOIN LATERAL (SELECT to_timestamp(:start / 1000.0) - created AS age OFFSET 0) AS a
JOIN (SELECT dataset_id, max(id) AS id FROM dataset_versions GROUP BY dataset_id) AS v ON v.dataset_id = dataset;

INSERT INTO experiment_runs
SELECT row_number() OVER (ORDER BY created_at, e.id, attempt), e.id, attempt,
       CASE WHEN attempt < attempts THEN 'failed' ELSE e.status END,
       'experiment-worker-' || substr(md5(:seed || '/worker/' || e.id), 1, 5),
       tokens, (tokens * (0.05 + 0.4 * pg_temp.u('runs', row, 'ratio')))::bigint,
       round((tokens * (0.4 + 3 * pg_temp.u('runs', row, 'price')) / 1000000)::numeric, 6),
       CASE WHEN attempt = attempts AND e.status = 'completed' THEN round((0.35 + 0.6 * pg_temp.u('runs', row, 'score'))::numeric, 4) END,
       CASE WHEN attempt < attempts OR e.status = 'failed'
            THEN pg_temp.pick('{provider timeout after 60s,HTTP 429 from provider,dataset checksum mismatch,context length exceeded,worker lost its lease}', pg_temp.u('runs', row, 'error')) END,
       created_at + (updated_at - created_at) * (attempt - 1) / attempts,
       CASE WHEN attempt < attempts OR e.status <> 'running' THEN created_at + (updated_at - created_at) * attempt / attempts END
FROM (SELECT *, row_number() OVER (ORDER BY id) AS number FROM experiments WHERE status NOT IN ('pending', 'queued')) AS e
CROSS JOIN LATERAL (SELECT CASE WHEN pg_temp.u('runs', number, 'attempts') < 0.85 THEN 1 WHEN pg_temp.u('runs', number, 'attempts') < 0.97 THEN 2 ELSE 3 END AS attempts OFFSET 0) AS t
CROSS JOIN LATERAL generate_series(1, attempts) AS attempt
CROSS JOIN LATERAL (SELECT number * 3 + attempt AS row, (20000 * exp(4 * pg_temp.u('runs', number * 3 + attempt, 'tokens')))::bigint AS tokens OFFSET 0) AS k;

INSERT INTO jobs
SELECT id, id, 'experiments', floor(12 * pg_temp.u('jobs', id, 'partition'))::int,
       (CASE status WHEN 'running' THEN 'leased' WHEN 'completed' THEN 'done' WHEN 'failed' THEN 'failed' ELSE 'dead' END)::job_status,
       started_at, CASE WHEN status = 'running' THEN to_timestamp(:start / 1000.0) + interval '5 minutes' END
FROM experiment_runs WHERE started_at > to_timestamp(:start / 1000.0) - interval '14 days';

INSERT INTO audit_log
SELECT n, 1 + floor(140 * pg_temp.u('audit', n, 'actor'))::bigint,
       pg_temp.pick('{experiment.create,experiment.cancel,dataset.read,dataset.upload,login,login,token.rotate}', pg_temp.u('audit', n, 'action')),
       'experiment/' || (1 + floor(4000 * pg_temp.u('audit', n, 'target'))::int),
       ('10.' || floor(4 * pg_temp.u('audit', n, 'a'))::int || '.' || floor(250 * pg_temp.u('audit', n, 'b'))::int || '.' || (2 + floor(250 * pg_temp.u('audit', n, 'c'))::int))::inet,
       pg_temp.before(30, pg_temp.u('audit', n, 'at'))
FROM generate_series(1, 1500) AS n;

COMMIT;
RESET ROLE;
ANALYZE users, datasets, dataset_versions, models, experiments, experiment_runs, jobs, audit_log;
