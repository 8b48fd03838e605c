// Calls a CloudFront function as CloudFront does at viewer request (event version 1.0), and goes on
// with what it returns: a response, or the request.
function run(r) {
    var headers = {}, query = {};
    Object.keys(r.headersIn).forEach(function (name) {
        headers[name.toLowerCase()] = { value: r.headersIn[name] };
    });
    Object.keys(r.args).forEach(function (name) { query[name] = { value: String(r.args[name]) }; });
    // CloudFront does not decode the path.
    var raw = r.variables.request_uri.split('?')[0];
    var result = handler({
        version: '1.0',
        context: { eventType: 'viewer-request' },
        viewer: { ip: r.remoteAddress },
        request: { method: r.method, uri: raw, querystring: query, headers: headers, cookies: {} }
    });
    if (result.statusCode) {
        Object.keys(result.headers || {}).forEach(function (name) {
            r.headersOut[name] = result.headers[name].value;
        });
        r.return(result.statusCode, result.body ? result.body.data || result.body : '');
        return;
    }
    var args = r.variables.args ? '?' + r.variables.args : '';
    r.internalRedirect('/__' + r.variables.behaviour + result.uri + args);
}
export default { run };
