-- The relational metadata of LLM-Research-Lab. Run by a superuser in the database llm_research;
-- the role llm_research_api owns everything, the role trainee reads what an L1 operator may read.

SET client_min_messages = warning;
GRANT ALL ON SCHEMA public TO llm_research_api;
SET ROLE llm_research_api;

CREATE TYPE experiment_status AS ENUM ('pending', 'queued', 'running', 'completed', 'failed', 'cancelled');
CREATE TYPE job_status AS ENUM ('queued', 'leased', 'done', 'failed', 'dead');

CREATE TABLE users (
    id bigint PRIMARY KEY,
    username text NOT NULL UNIQUE,
    email text NOT NULL UNIQUE,
    full_name text NOT NULL,
    team text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'researcher', 'lead', 'admin')),
    active boolean NOT NULL DEFAULT true,
    password_hash text NOT NULL,
    api_key_hash text,
    created_at timestamptz NOT NULL,
    last_login_at timestamptz
);

CREATE TABLE datasets (
    id bigint PRIMARY KEY,
    name text NOT NULL UNIQUE,
    description text NOT NULL,
    owner_id bigint NOT NULL REFERENCES users (id),
    visibility text NOT NULL CHECK (visibility IN ('private', 'team', 'public')),
    created_at timestamptz NOT NULL
);

CREATE TABLE dataset_versions (
    id bigint PRIMARY KEY,
    dataset_id bigint NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    version text NOT NULL,
    storage_uri text NOT NULL,
    sample_count bigint NOT NULL CHECK (sample_count >= 0),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256 text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (dataset_id, version)
);

CREATE TABLE models (
    id bigint PRIMARY KEY,
    provider text NOT NULL,
    name text NOT NULL,
    context_window integer NOT NULL CHECK (context_window > 0),
    input_cost_per_mtok numeric(10, 4) NOT NULL,
    output_cost_per_mtok numeric(10, 4) NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    UNIQUE (provider, name)
);

CREATE TABLE experiments (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL,
    owner_id bigint NOT NULL REFERENCES users (id),
    dataset_version_id bigint NOT NULL REFERENCES dataset_versions (id),
    model_id bigint NOT NULL REFERENCES models (id),
    status experiment_status NOT NULL,
    priority smallint NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 9),
    config jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL CHECK (updated_at >= created_at)
);
CREATE INDEX experiments_owner_id_idx ON experiments (owner_id);
CREATE INDEX experiments_status_created_at_idx ON experiments (status, created_at DESC);
CREATE INDEX experiments_dataset_version_id_idx ON experiments (dataset_version_id);

CREATE TABLE experiment_runs (
    id bigint PRIMARY KEY,
    experiment_id uuid NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    attempt smallint NOT NULL CHECK (attempt > 0),
    status experiment_status NOT NULL,
    worker text,
    tokens_in bigint NOT NULL DEFAULT 0,
    tokens_out bigint NOT NULL DEFAULT 0,
    cost_usd numeric(12, 6) NOT NULL DEFAULT 0,
    score numeric(6, 4) CHECK (score BETWEEN 0 AND 1),
    error text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz CHECK (finished_at >= started_at),
    UNIQUE (experiment_id, attempt)
);
CREATE INDEX experiment_runs_started_at_idx ON experiment_runs (started_at DESC);

CREATE TABLE jobs (
    id bigint PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES experiment_runs (id) ON DELETE CASCADE,
    topic text NOT NULL,
    partition integer NOT NULL CHECK (partition >= 0),
    status job_status NOT NULL,
    enqueued_at timestamptz NOT NULL,
    leased_until timestamptz
);
CREATE INDEX jobs_open_idx ON jobs (enqueued_at) WHERE status IN ('queued', 'leased');

CREATE TABLE audit_log (
    id bigint PRIMARY KEY,
    actor_id bigint REFERENCES users (id),
    action text NOT NULL,
    target text NOT NULL,
    source_ip inet NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX audit_log_at_idx ON audit_log (at DESC);

CREATE VIEW experiment_summary AS
SELECT e.id, e.name, e.status, u.username AS owner, d.name AS dataset, v.version AS dataset_version,
       m.provider || '/' || m.name AS model, count(r.id) AS runs, sum(r.cost_usd) AS cost_usd, max(r.score) AS best_score
FROM experiments e
JOIN users u ON u.id = e.owner_id
JOIN dataset_versions v ON v.id = e.dataset_version_id
JOIN datasets d ON d.id = v.dataset_id
JOIN models m ON m.id = e.model_id
LEFT JOIN experiment_runs r ON r.experiment_id = e.id
GROUP BY e.id, u.username, d.name, v.version, m.provider, m.name;

CREATE VIEW queue_depth AS
SELECT topic, partition, status, count(*) AS jobs, min(enqueued_at) AS oldest
FROM jobs
WHERE status IN ('queued', 'leased')
GROUP BY topic, partition, status;

RESET ROLE;

GRANT SELECT ON experiments, experiment_runs, datasets TO trainee;
GRANT SELECT (id, username, full_name, team, role, active, created_at, last_login_at) ON users TO trainee;
