// The backend's description of its API does not exist here. Its router takes capital letters and a
// slash at the end for the same path; other layers may decode or shorten what they forward. So the
// path is brought to its plainest form first, and everything that begins like the description is
// refused: its page, its JSON and YAML, its scripts.
function handler(event) {
  var request = event.request;
  var path = request.uri;
  var before;
  do {
    before = path;
    path = path.replace(/%([0-9A-Fa-f]{2})/g, function (all, code) {
      return String.fromCharCode(parseInt(code, 16));
    });
  } while (path !== before);
  var segments = [];
  path.toLowerCase().replace(/\\/g, '/').split('/').forEach(function (segment) {
    segment = segment.trim();
    if (segment === '..') {
      segments.pop();
    } else if (segment !== '' && segment !== '.') {
      segments.push(segment);
    }
  });
  if (('/' + segments.join('/')).indexOf('/api/documentacion') === 0) {
    return { statusCode: 404, statusDescription: 'Not Found' };
  }
  return request;
}
