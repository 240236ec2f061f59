#!/usr/bin/env python3
"""What is in the packages of a folder. check.py FEED VERSION AKKA_RANGE COMMIT REPOSITORY, names on stdin: exit 1 with what is wrong."""
import re
import sys
import xml.etree.ElementTree as Xml
import zipfile

feed, version, akka, commit, repository = sys.argv[1:]
central = dict(re.findall(r'PackageVersion Include="(.*?)" Version="(.*?)"', open("Directory.Packages.props", encoding="utf-8").read()))
exactly = f"[{version}]"
METRICS = "OpenTelemetry.Api.ProviderBuilderExtensions"
# Each package: what it depends on, and its assemblies.
PACKAGES = {
    "AkkaAio": ({"Akka": akka}, ["AkkaAio", "AkkaAio.Interop"]),
    "AkkaAio.Cluster": (
        {
            "AkkaAio": exactly, "Akka.Cluster.Sharding": akka, "Akka.Hosting": akka, "Akka.Streams": akka,
            "Google.Protobuf": central["Google.Protobuf"],
        },
        ["AkkaAio.Cluster"],
    ),
    "AkkaAio.TestKit": ({"AkkaAio": exactly}, ["AkkaAio.TestKit"]),
    "AkkaAio.Hosting": ({"AkkaAio": exactly, "Akka.Hosting": akka, METRICS: "1.15.3"}, ["AkkaAio.Hosting"]),
    "AkkaAio.Persistence": (
        {"AkkaAio": exactly, "Akka.Hosting": akka, "Akka.Persistence": akka, "System.IO.Hashing": central["System.IO.Hashing"]},
        ["AkkaAio.Persistence"],
    ),
    "AkkaAio.Streams": ({"AkkaAio": exactly, "Akka.Streams": akka}, ["AkkaAio.Streams"]),
}
METADATA = "package/services/metadata/core-properties/"
wrong = []


def equal(package, what, found, expected):
    if found != expected:
        wrong.append(f"{package}: {what} is {found!r}, not {expected!r}")


def names(archive, package):
    """Its files, without those that every NuGet package has."""
    files = {name for name in archive.namelist() if not name.startswith(METADATA)}
    return files - {"[Content_Types].xml", "_rels/.rels", f"{package}.nuspec"}


notes = open("RELEASE_NOTES.md", encoding="utf-8").read()
newest = re.search(r"^## .*?(?=^## |\Z)", notes, re.S | re.M).group(0).strip()
for package in sys.stdin.read().split():
    if package not in PACKAGES:
        wrong.append(f"{package}: unknown to tests/packaging/check.py; say there what it depends on and contains")
        continue
    depends, assemblies = PACKAGES[package]
    with zipfile.ZipFile(f"{feed}/{package}.{version}.nupkg") as archive:
        nuspec = Xml.fromstring(archive.read(f"{package}.nuspec"))
        space = nuspec.tag.partition("}")[0] + "}"
        metadata = {e.tag.removeprefix(space): e for e in nuspec[0]}
        text = {name: element.text for name, element in metadata.items()}
        equal(package, "its id", text["id"], package)
        equal(package, "its version", text["version"], version)
        equal(package, "its readme", text.get("readme"), "README.md")
        equal(package, "its icon", text.get("icon"), "icon.png")
        equal(package, "its licence", (text["license"], metadata["license"].get("type")), ("Apache-2.0", "expression"))
        equal(package, "its repository", metadata["repository"].get("url"), repository)
        equal(package, "its commit", metadata["repository"].get("commit"), commit)
        equal(package, "its notes", text.get("releaseNotes"), newest)
        groups = list(metadata["dependencies"])
        equal(package, "its frameworks", [group.get("targetFramework") for group in groups], ["net10.0"])
        equal(package, "what it depends on", {d.get("id"): d.get("version") for d in groups[0]}, depends)
        expected = {"README.md", "icon.png"} | {f"lib/net10.0/{a}.{kind}" for a in assemblies for kind in ("dll", "xml")}
        equal(package, "its content", sorted(names(archive, package)), sorted(expected))
        equal(package, "its README", archive.read("README.md"), open("README.md", "rb").read())
        if archive.read("icon.png")[:8] != b"\x89PNG\r\n\x1a\n":
            wrong.append(f"{package}: icon.png is no PNG")
    with zipfile.ZipFile(f"{feed}/{package}.{version}.snupkg") as archive:
        equal(package, "its symbols", sorted(names(archive, package)), sorted(f"lib/net10.0/{a}.pdb" for a in assemblies))
    print(f"{package} {version}: {', '.join(f'{id} {range}' for id, range in depends.items())}; {', '.join(assemblies)}")

print("\n".join(wrong), end="\n" if wrong else "")
sys.exit(1 if wrong else 0)
