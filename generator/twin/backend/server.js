// What the documented backend looks like from outside, small: its routes, its answers, real SQL over
// TLS with the credentials that it is given. It dies without what the documented one dies without.
'use strict';
const crypto = require('crypto'), fs = require('fs'), http = require('http'), os = require('os');
const { Pool } = require('pg');
const env = process.env;
for (const name of ['DB_HOST', 'DB_PORT', 'DB_USERNAME', 'DB_PASSWORD', 'DB_DATABASE', 'JWT_SECRET',
    'GEMINI_API_KEY', 'PORT']) {
    if (!env[name]) { console.error(`missing ${name}`); process.exit(1); }
}
const documents = './docs-0d3nt';
fs.mkdirSync(documents, { recursive: true });
const pool = new Pool({
    host: env.DB_HOST, port: +env.DB_PORT, user: env.DB_USERNAME, password: env.DB_PASSWORD,
    database: env.DB_DATABASE, ssl: env.SSL_ENABLED === 'true' && { rejectUnauthorized: false },
    // A password that no longer holds is seen by one of the next requests, not once a connection ends.
    maxUses: 20
});
pool.on('error', error => console.error(error.message));

const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url');
const signature = text => crypto.createHmac('sha256', env.JWT_SECRET).update(text).digest('base64url');
function token(user) {
    const life = parseInt(env.JWT_EXPIRATION_TIME || '86400', 10);
    const text = `${encode({ alg: 'HS256' })}.${encode({ user, exp: Date.now() / 1000 + life })}`;
    return `${text}.${signature(text)}`;
}
function bearer(request) {
    const [head, body, mark] = (request.headers.authorization || '').replace('Bearer ', '').split('.');
    if (!body || signature(`${head}.${body}`) !== mark) return null;
    const claims = JSON.parse(Buffer.from(body, 'base64url'));
    return claims.exp > Date.now() / 1000 ? claims.user : null;
}
const hashed = (password, salt) => crypto.scryptSync(password, salt, 32, { N: 1024 }).toString('hex');

const routes = {
    'GET /api': () => [200, 'API para Odontología funcionando!'],
    'GET /api/instancia': () => [200, { instancia: os.hostname(), inicio: started }],
    'POST /api/autenticacion/registro': async ({ correo, contrasena }) => {
        if (!correo || !contrasena) return [400, { statusCode: 400, message: 'correo, contrasena' }];
        const salt = crypto.randomBytes(8).toString('hex');
        await pool.query('INSERT INTO usuario VALUES ($1, $2, $3)',
            [correo, salt, hashed(contrasena, salt)]);
        return [201, { correo }];
    },
    'POST /api/autenticacion/inicio-sesion': async ({ correo, contrasena }) => {
        if (!correo || !contrasena) return [400, { statusCode: 400, message: 'correo, contrasena' }];
        const { rows } = await pool.query('SELECT * FROM usuario WHERE correo = $1', [correo]);
        if (!rows.length || hashed(contrasena, rows[0].sal) !== rows[0].clave) {
            return [401, { statusCode: 401, message: 'Unauthorized' }];
        }
        return [200, { token_acceso: token(correo) }];
    },
    'GET /api/pacientes': async (body, user) => user
        ? [200, (await pool.query('SELECT * FROM paciente ORDER BY id')).rows] : refused(),
    'POST /api/pacientes': async (body, user) => user
        ? [201, (await pool.query('INSERT INTO paciente (nombre) VALUES ($1) RETURNING *',
            [body.nombre])).rows[0]] : refused(),
    'POST /api/carga': async () => {
        for (const end = Date.now() + 30; Date.now() < end;);
        return [200, {}];
    }
};
const started = new Date().toISOString();
const refused = () => [401, { statusCode: 401, message: 'Unauthorized' }];

async function answer(request, text) {
    const path = request.url.split('?')[0];
    const route = routes[`${request.method} ${path}`];
    if (!route) {
        return [404, { statusCode: 404, message: `Cannot ${request.method} ${path}`, error: 'Not Found' }];
    }
    let body = {};
    if (text) {
        try { body = JSON.parse(text); } catch (error) {
            return [400, { statusCode: 400, message: 'not JSON' }];
        }
    }
    const user = bearer(request);
    if (request.headers.authorization && !user) return refused();
    return route(body, user);
}

const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', part => parts.push(part));
    request.on('end', async () => {
        let status, body;
        try {
            [status, body] = await answer(request, Buffer.concat(parts).toString());
        } catch (error) {
            console.error(error.message);
            [status, body] = [500, { statusCode: 500, message: 'Internal server error' }];
        }
        const json = typeof body !== 'string';
        response.writeHead(status,
            { 'Content-Type': `${json ? 'application/json' : 'text/html'}; charset=utf-8` });
        response.end(json ? JSON.stringify(body) : body);
    });
});

(async () => {
    for (let tries = 0; tries < 10; tries++) {
        try {
            // Two instances that start at once on an empty database collide otherwise.
            const client = await pool.connect();
            await client.query('SELECT pg_advisory_lock(1)');
            await client.query('CREATE TABLE IF NOT EXISTS usuario '
                + '(correo text PRIMARY KEY, sal text NOT NULL, clave text NOT NULL)');
            await client.query('CREATE TABLE IF NOT EXISTS paciente '
                + '(id serial PRIMARY KEY, nombre text NOT NULL)');
            await client.query('SELECT pg_advisory_unlock(1)');
            client.release();
            server.listen(+env.PORT, () => console.log('listening'));
            return;
        } catch (error) {
            console.error(`Unable to connect to the database. ${error.message}`);
            await new Promise(resolve => setTimeout(resolve, 3000));
        }
    }
    process.exit(1);
})();
