// The habits of the documented backend in a few routes: the same framework, names, limits and ways
// to keep documents, read its settings and print.
import {
    Body, CanActivate, Controller, ExecutionContext, Get, HttpCode, Injectable, Module, NotFoundException,
    OnModuleInit, Param, Post, Query, Req, UnauthorizedException, UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import * as bcrypt from 'bcrypt';
import { randomUUID } from 'crypto';
import * as express from 'express';
import * as fs from 'fs';
import { join } from 'path';
import { Pool } from 'pg';
import * as puppeteer from 'puppeteer';

const KINDS = ['archivos-adjuntos', 'reportes', 'plantillas-consentimiento', 'ediciones-imagenes', 'backups'];
const TABLES = `
    CREATE TABLE IF NOT EXISTS usuario (id serial PRIMARY KEY, correo text UNIQUE, contrasena text);
    CREATE TABLE IF NOT EXISTS cita (id serial PRIMARY KEY, usuario_id int, fecha timestamp, descripcion text);
    CREATE TABLE IF NOT EXISTS archivo (id serial PRIMARY KEY, usuario_id int, tipo text, ruta_archivo text)`;

function demanded(name: string): string {
    const value = process.env[name];
    if (!value) throw new Error(`${name} no está definida en el .env`);
    return value;
}

@Injectable()
class Database implements OnModuleInit {
    private readonly pool = new Pool({
        host: process.env.DB_HOST,
        port: parseInt(process.env.DB_PORT || '5432', 10),
        user: process.env.DB_USERNAME,
        password: process.env.DB_PASSWORD,
        database: process.env.DB_DATABASE,
        ssl: process.env.SSL_ENABLED === 'true' ? { rejectUnauthorized: false } : false,
    });

    async onModuleInit() {
        await this.pool.query(TABLES);
    }

    async rows(sql: string, ...values: unknown[]) {
        return (await this.pool.query(sql, values)).rows;
    }
}

@Injectable()
class Storage {
    constructor() {
        for (const kind of KINDS) fs.mkdirSync(join('./docs-0d3nt', kind), { recursive: true });
    }

    save(content: string, extension: string, kind: string): string {
        const name = `${randomUUID()}.${extension}`;
        fs.writeFileSync(join('./docs-0d3nt', kind, name), Buffer.from(content, 'base64'));
        return name;
    }

    read(name: string, kind: string): string {
        return fs.readFileSync(join('./docs-0d3nt', kind, name)).toString('base64');
    }
}

@Injectable()
class Guard implements CanActivate {
    constructor(private readonly jwt: JwtService) {}

    canActivate(context: ExecutionContext): boolean {
        const request = context.switchToHttp().getRequest();
        try {
            request.user = this.jwt.verify((request.headers.authorization || '').replace('Bearer ', ''));
        } catch {
            throw new UnauthorizedException();
        }
        return true;
    }
}

@Controller()
class Root {
    @Get()
    health() {
        return 'API para Odontología funcionando!';
    }
}

@Controller('autenticacion')
class Authentication {
    constructor(private readonly database: Database, private readonly jwt: JwtService) {}

    @Post('registro')
    async register(@Body() { correo, contrasena }) {
        const hash = await bcrypt.hash(contrasena, 10);
        const sql = 'INSERT INTO usuario (correo, contrasena) VALUES ($1, $2) RETURNING id, correo';
        return (await this.database.rows(sql, correo, hash))[0];
    }

    @Post('inicio-sesion')
    @HttpCode(200)
    async login(@Body() { correo, contrasena }) {
        const [user] = await this.database.rows('SELECT * FROM usuario WHERE correo = $1', correo);
        if (!user || !(await bcrypt.compare(contrasena, user.contrasena))) throw new UnauthorizedException();
        return { token_acceso: this.jwt.sign({ sub: user.id }) };
    }
}

@UseGuards(Guard)
@Controller('agenda')
class Agenda {
    constructor(private readonly database: Database) {}

    @Post()
    async add(@Req() request, @Body() { fecha, descripcion }) {
        const sql = 'INSERT INTO cita (usuario_id, fecha, descripcion) VALUES ($1, $2, $3) RETURNING *';
        return (await this.database.rows(sql, request.user.sub, fecha, descripcion))[0];
    }

    @Get()
    month(@Req() request, @Query('mes') month, @Query('ano') year) {
        const sql = `SELECT descripcion FROM cita WHERE usuario_id = $1
            AND extract(month FROM fecha) = $2 AND extract(year FROM fecha) = $3 ORDER BY fecha`;
        return this.database.rows(sql, request.user.sub, +month, +year);
    }
}

@UseGuards(Guard)
@Controller('archivos-adjuntos')
class Attachments {
    constructor(private readonly database: Database, private readonly storage: Storage) {}

    @Post()
    async upload(@Req() request, @Body() { nombre_archivo, contenido_base64, tipo = KINDS[0] }) {
        const name = this.storage.save(contenido_base64, nombre_archivo.split('.').pop(), tipo);
        const sql = 'INSERT INTO archivo (usuario_id, tipo, ruta_archivo) VALUES ($1, $2, $3) RETURNING id';
        const [row] = await this.database.rows(sql, request.user.sub, tipo, name);
        const base = process.env.BASE_URL || 'http://localhost:3000';
        return { ...row, url: `${base}/docs-0d3nt/${tipo}/${name}` };
    }

    @Get(':id/contenido')
    async content(@Req() request, @Param('id') id) {
        const sql = 'SELECT * FROM archivo WHERE id = $1 AND usuario_id = $2';
        const [row] = await this.database.rows(sql, +id, request.user.sub);
        if (!row) throw new NotFoundException();
        return this.storage.read(row.ruta_archivo, row.tipo);
    }
}

@UseGuards(Guard)
@Controller('pdf')
class Pdf {
    @Post('generar-desde-html')
    async print(@Body() { contenido_html }) {
        const browser = await puppeteer.launch({
            headless: true,
            args: ['--no-sandbox', '--disable-setuid-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
        });
        try {
            const page = await browser.newPage();
            await page.setContent(contenido_html, { waitUntil: 'networkidle0' });
            return { pdf_base64: Buffer.from(await page.pdf({ printBackground: true })).toString('base64') };
        } finally {
            await browser.close();
        }
    }
}

@Module({
    imports: [
        JwtModule.registerAsync({
            useFactory: () => {
                demanded('GEMINI_API_KEY');
                // Whole seconds: what stands behind the digits is not read.
                const expiresIn = parseInt(process.env.JWT_EXPIRATION_TIME || '86400', 10);
                return { secret: demanded('JWT_SECRET'), signOptions: { expiresIn } };
            },
        }),
    ],
    controllers: [Root, Authentication, Agenda, Attachments, Pdf],
    providers: [Database, Storage, Guard],
})
class AppModule {}

async function bootstrap() {
    const app = await NestFactory.create(AppModule);
    app.setGlobalPrefix('api');
    app.use(express.json({ limit: '15mb' }));
    app.use('/docs-0d3nt', express.static(join(process.cwd(), 'docs-0d3nt')));
    await app.listen(process.env.PORT ?? 3000, '0.0.0.0');
}
bootstrap();
