// A path without a file extension in its last segment is a page of the single-page application.
// Hidden files such as /.env do not exist here, whatever somebody may have uploaded.
function handler(event) {
  var request = event.request;
  var last = request.uri.slice(request.uri.lastIndexOf('/') + 1);
  if (last.charAt(0) === '.') {
    return { statusCode: 404, statusDescription: 'Not Found' };
  }
  if (last.indexOf('.') === -1) {
    request.uri = '/index.html';
  }
  return request;
}
