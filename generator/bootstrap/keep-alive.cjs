// The balancer reuses a connection for up to 60 s; Node closes it after 5 s, and the two meet in a 502.
var http = require('http'), create = http.createServer;
http.createServer = function () {
    var server = create.apply(http, arguments);
    server.keepAliveTimeout = 65000;
    server.headersTimeout = 66000;
    return server;
};
