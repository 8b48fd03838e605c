-- Run by the master, as often as anybody likes. Names with a hyphen: no parameter may have one.
BEGIN;
SET LOCAL lock_timeout = '10s';
SELECT pg_advisory_xact_lock(3000);
SELECT 'CREATE ROLE "backend-owner"'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'backend-owner') \gexec
-- From PostgreSQL 16 on who makes a role may give it, and is no member of it.
GRANT "backend-owner" TO CURRENT_USER;
-- Whatever the master owns, its databases aside; an instance of before goes on as a member.
REASSIGN OWNED BY CURRENT_USER TO "backend-owner";
SELECT format('ALTER DATABASE %I OWNER TO CURRENT_USER', datname) FROM pg_database
WHERE datdba = '"backend-owner"'::regrole \gexec
-- Nobody else connects unless the master lets them.
GRANT ALL ON DATABASE :"DBNAME" TO "backend-owner";
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT ALL ON SCHEMA public TO "backend-owner";
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO "backend-owner";
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO "backend-owner";
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L IN ROLE "backend-owner"', :'user', :'verifier')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec
ALTER ROLE :"user" SET role = 'backend-owner';
COMMIT;
-- The newest one besides this one may still be in use; older ones go, or stay if they own something.
\set ON_ERROR_STOP 0
SELECT format('DROP ROLE %I', rolname) FROM pg_roles
WHERE rolname ~ '^backend-[0-9]+$' AND rolname <> :'user' ORDER BY rolname DESC OFFSET 1 \gexec
