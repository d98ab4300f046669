#!/bin/sh
# Makes keys and certificates of three parties for compose.parties.yaml: to try secret-shared mode out on one machine.
#
#   sh docker/make-party-certificates.sh
#
# 1. Each party gets a key and a certificate that is signed by itself: secrets/parties/party-N.key, party-N.crt.
# 2. The three certificates together, party 0's first, are what every party trusts: secrets/parties/parties.crt.
#
# What is there already is kept. In earnest each party makes its own and gives away the certificate alone.
set -eu

secrets=$(dirname "$0")/secrets
directory=$secrets/parties
days=365

if [ -e "$directory/parties.crt" ]; then
  echo "kept $directory: delete it to make new ones" >&2
  exit 0
fi
command -v openssl > /dev/null || { echo "make-party-certificates.sh: openssl is missing: install it" >&2; exit 1; }

# Containers read the files as users of their own; the directory keeps everybody else out.
(umask 077 && mkdir -p "$secrets" "$directory")
for party in 0 1 2; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$days" -subj "/CN=party-$party" \
    -keyout "$directory/party-$party.key" -out "$directory/party-$party.crt" 2> /dev/null
done
chmod 444 "$directory"/party-?.key "$directory"/party-?.crt
cat "$directory"/party-?.crt > "$directory/parties.crt"
for party in 0 1 2; do
  echo "party $party: $(openssl x509 -in "$directory/party-$party.crt" -noout -fingerprint -sha256)" >&2
done
echo "wrote $directory" >&2
