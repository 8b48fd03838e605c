// The balancer reuses a connection for up to 60 s; Node closes it after 5 s, and the two meet in a 502.
// After SIGUSR2 each response is the last on its connection; SIGTERM waits for requests in flight.
var http = require('http'), create = http.createServer, leaving = false, open = 0;
http.createServer = function () {
    var server = create.apply(http, arguments);
    server.keepAliveTimeout = 65000;
    server.headersTimeout = 66000;
    server.prependListener('request', function (request, response) {
        open++;
        response.on('close', function () { open--; });
        if (leaving) response.setHeader('Connection', 'close');
    });
    return server;
};
process.on('SIGUSR2', function () { leaving = true; });
process.on('SIGTERM', function end() {
    leaving = true;
    // An application that listens itself ends itself.
    if (process.listenerCount('SIGTERM') > 1) return;
    if (!open) process.exit(0);
    setTimeout(end, 100);
});
// The documented backend takes any certificate for its database's; here only RDS's, of that very host.
var tls = require('tls'), connect = tls.connect;
tls.connect = function (options) {
    if (options.servername === process.env.DB_HOST) {
        options.ca = require('fs').readFileSync('/database.crt');
        options.rejectUnauthorized = true;
    }
    return connect.apply(tls, arguments);
};
