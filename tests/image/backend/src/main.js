// The habits of the documented backend, without its packages: folders made at start relative to the
// working directory, documents served under another path than the API, death without its secrets.
const { execFile } = require('child_process');
const fs = require('fs');
const http = require('http');
const path = require('path');

const KINDS = ['archivos-adjuntos', 'reportes', 'plantillas-consentimiento', 'ediciones-imagenes', 'backups', 'temporal'];
for (const name of ['JWT_SECRET', 'GEMINI_API_KEY']) {
    if (!process.env[name]) throw new Error(`${name} is not set`);
}
fs.mkdirSync('./docs-0d3nt', { recursive: true });
for (const kind of KINDS) fs.mkdirSync(path.join('docs-0d3nt', kind), { recursive: true });

function answer(response, status, kind, body) {
    response.writeHead(status, { 'Content-Type': kind });
    response.end(body);
}

function print(response) {
    const file = path.join(fs.mkdtempSync('/tmp/pdf-'), 'page.pdf');
    const options = ['--headless', '--no-sandbox', '--disable-setuid-sandbox', '--disable-dev-shm-usage',
        '--disable-gpu', `--print-to-pdf=${file}`, 'data:text/html,<h1>Receta</h1>'];
    execFile(process.env.PUPPETEER_EXECUTABLE_PATH || '', options, (error) => {
        if (error) return answer(response, 500, 'application/json', JSON.stringify({ message: String(error) }));
        answer(response, 200, 'application/pdf', fs.readFileSync(file));
    });
}

http.createServer((request, response) => {
    const { method, url } = request;
    const document = /^\/docs-0d3nt\/([a-z-]+)\/([\w.-]+)$/.exec(url);
    if (method === 'GET' && url === '/api') return answer(response, 200, 'text/html', 'well');
    if (method === 'GET' && url === '/api/pdf') return print(response);
    if (document && KINDS.includes(document[1])) {
        const file = path.join('docs-0d3nt', document[1], document[2]);
        if (method === 'POST') {
            return request.pipe(fs.createWriteStream(file)).on('finish', () => answer(response, 201, 'application/json', '{}'));
        }
        if (fs.existsSync(file)) return answer(response, 200, 'application/octet-stream', fs.readFileSync(file));
    }
    answer(response, 404, 'application/json', JSON.stringify({ statusCode: 404, message: `Cannot ${method} ${url}` }));
}).listen(Number(process.env.PORT));
