"""A throw-away authority: a root, and a leaf for the server and one for the client, by the openssl command line."""

import pathlib
import subprocess

TRUST_DOMAIN = "development.cryptopulse.internal"
SERVER_ID = f"spiffe://{TRUST_DOMAIN}/bench-server"
CLIENT_ID = f"spiffe://{TRUST_DOMAIN}/bench"

ROOT_EXTENSIONS = """\
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, permitted;URI:development.cryptopulse.internal, permitted;DNS:localhost
"""

# No constraint on addresses: BoringSSL, which grpc-swift-2 carries, refuses chains that have one.
# One URI SAN says who it is; the others are for clients that check a host's name.
LEAF_EXTENSIONS = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = URI:{identity}, DNS:localhost, IP:127.0.0.1
"""


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, timeout=30, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def make_key(path):
    # PKCS #8: what every peer reads.
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path))
    path.chmod(0o600)


class Authority:
    """The files in `folder`: `root.pem`, `server.pem`, `server.key`, `client.pem`, `client.key`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root.pem"
        self._make_root()
        self._make_leaf("server", SERVER_ID)
        self._make_leaf("client", CLIENT_ID)

    def options(self, name):
        """The options that every peer's program takes."""
        return ["--cert", str(self.folder / f"{name}.pem"), "--key", str(self.folder / f"{name}.key"), "--ca", str(self.root)]

    def _extensions(self, name, text):
        path = self.folder / f"{name}.ext"
        path.write_text(text)
        return str(path)

    def _request(self, name):
        make_key(self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        openssl("req", "-new", "-key", str(self.folder / f"{name}.key"), "-subj", f"/CN={name}", "-out", str(request))
        return str(request)

    def _make_root(self):
        openssl(
            "x509", "-req", "-in", self._request("root"), "-signkey", str(self.folder / "root.key"), "-sha256", "-days", "2",
            "-extfile", self._extensions("root", ROOT_EXTENSIONS), "-out", str(self.root))

    def _make_leaf(self, name, identity):
        openssl(
            "x509", "-req", "-in", self._request(name), "-CA", str(self.root), "-CAkey", str(self.folder / "root.key"), "-CAcreateserial",
            "-sha256", "-days", "1", "-extfile", self._extensions(name, LEAF_EXTENSIONS.format(identity=identity)),
            "-out", str(self.folder / f"{name}.pem"))
