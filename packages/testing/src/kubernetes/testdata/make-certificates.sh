#!/bin/sh
# Makes the certificates of the tests again. They are worth nothing: their keys are public.
set -eu
cd "$(dirname "$0")"
days=36500
authority() { # file, common name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$days" -subj "/CN=$2" \
    -keyout "$1.key" -out "$1.crt"
}
certificate() { # file, subject, extensions
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr"
  printf '%s\n' "$3" > extensions
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -extfile extensions -out "$1.crt"
}
authority ca 'menwei test authority'
authority other-ca 'some other authority'
certificate server '/CN=localhost' 'subjectAltName=DNS:localhost,DNS:api.cluster.test,IP:127.0.0.1'
certificate client '/O=system:nodes/CN=first-client' 'extendedKeyUsage=clientAuth'
certificate client2 '/O=system:nodes/CN=second-client' 'extendedKeyUsage=clientAuth'
rm -f ./*.csr ./*.srl extensions ca.key other-ca.key
