// Reaches its database as the documented backend does: node-postgres over TLS, a pool that opens
// connections on demand and closes idle ones, no port before the first connection.
const http = require('http');
const { Pool } = require('pg');

const { DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD, DB_DATABASE, SSL_ENABLED, POOL_IDLE } = process.env;
const pool = new Pool({
    host: DB_HOST, port: Number(DB_PORT), user: DB_USERNAME, password: DB_PASSWORD, database: DB_DATABASE,
    ssl: SSL_ENABLED === 'true' ? { rejectUnauthorized: false } : false,
    idleTimeoutMillis: Number(POOL_IDLE),
});
pool.on('error', (error) => console.error(error.message));

async function login() {
    const { rows } = await pool.query('SELECT id FROM account WHERE name = $1', ['ana']);
    await pool.query('INSERT INTO session (account) VALUES ($1)', [rows[0].id]);
}

function answer(request, response) {
    const end = (status, text) => {
        response.statusCode = status;
        response.end(text);
    };
    if (request.url === '/api') return end(200, 'well');
    login().then(() => end(201, DB_USERNAME), (error) => end(500, error.message));
}

async function start(tries) {
    try {
        await pool.query(`CREATE TABLE IF NOT EXISTS account (id serial PRIMARY KEY, name text UNIQUE);
            CREATE TABLE IF NOT EXISTS session (id serial PRIMARY KEY, account int);
            INSERT INTO account (name) VALUES ('ana') ON CONFLICT DO NOTHING`);
    } catch (error) {
        console.error(error.message);
        if (tries === 0) process.exit(1);
        return setTimeout(start, 300, tries - 1);
    }
    http.createServer(answer).listen(3000);
}
start(9);
