// A path without a file extension in its last segment is a page of the single-page application.
// Hidden files and folders, such as /.env and /.git/config, do not exist here, whatever somebody
// may have uploaded; only /.well-known/ is public (RFC 8615). S3 decodes what it is asked for, and
// nobody needs to encode a dot: a path that hides one, once or several times over, does not exist.
function handler(event) {
  var request = event.request;
  var path = decoded(request.uri);
  var segments = path.split('/');
  if (dots(path) !== dots(request.uri) || segments.some(isHidden)) {
    return { statusCode: 404, statusDescription: 'Not Found' };
  }
  if (segments[segments.length - 1].indexOf('.') === -1) {
    request.uri = '/index.html';
  }
  return request;
}

function dots(path) {
  return path.split('.').length;
}

function isHidden(segment, place, all) {
  var isPublic = segment === '.well-known' && place === 1 && all.length > 2;
  return segment.charAt(0) === '.' && !isPublic;
}

// The path without encoded ASCII, or one of dots where it is encoded more often than anybody does.
function decoded(path) {
  for (var layer = 0; layer < 4; layer += 1) {
    var plainer = path.replace(/%([2-7][0-9a-f])/gi, function (all, code) {
      return String.fromCharCode(parseInt(code, 16));
    });
    if (plainer === path) {
      return path;
    }
    path = plainer;
  }
  return '..';
}
