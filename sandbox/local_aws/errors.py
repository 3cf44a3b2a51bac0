"""Error answers in the form each AWS protocol wants them, and error types that moto can raise."""

import json
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException


def service_error(code, message):
    """An exception that moto serialises with this error code (the document of the operation, section "Errors")."""
    return type(code, (ServiceException,), {"code": code})(message)


def answer(call, status, code, message):
    """Status line, headers and body of an error, in the protocol of the call.

    Smithy: "AWS JSON 1.1", "AWS restJson1", "AWS Query", "AWS restXml" protocol documents, section "Errors".
    """
    if call["protocol"] == "query":
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            "<RequestId>sandbox</RequestId></ErrorResponse>"
        )
        kind = "text/xml"
    elif call["protocol"] == "s3":
        body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>sandbox</RequestId></Error>"
        kind = "application/xml"
    else:
        body = json.dumps({"__type": code, "message": message})
        kind = "application/x-amz-json-1.1" if call["protocol"] == "json" else "application/json"
    data = body.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(data))), ("x-amzn-errortype", code)]
    return f"{status} Refused", headers, data


def expired(call):
    """What AWS answers to credentials that have run out ("Common Error Types"; S3: "Error responses")."""
    code = "ExpiredToken" if call["protocol"] in ("query", "s3") else "ExpiredTokenException"
    status = 400 if call["protocol"] == "s3" or call["protocol"] == "json" else 403
    return answer(call, status, code, "The security token included in the request is expired")
