"""Calls each service by XML-RPC and by the old URLs, and compares the answers."""

import base64
import datetime
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
import xmlrpc.client

HOST, LOGIN, PASSWORD = sys.argv[1:]
CALLED = set()


def proxy(login=LOGIN, password=PASSWORD):
    who = urllib.parse.quote(login) + ":" + urllib.parse.quote(password)
    return xmlrpc.client.ServerProxy(
        "http://%s@%s/appserver/xmlrpc/" % (who, HOST), allow_none=True, use_builtin_types=True)


SERVER = proxy()


def call(name, *args):
    """Calls a method with all of its parameters, as deployed clients do."""
    CALLED.add(name.split(".")[0])
    answer = getattr(SERVER, name)(*args, "", {"maxduration": 60})
    assert set(answer) == {"jobguid", "result"}, answer
    return answer


def result(name, *args):
    return call(name, *args)["result"]


def changed(name, *args):
    answer = call(name, *args)
    assert len(answer["jobguid"]) == 36, answer
    return answer["result"]


def rest(name, /, **parameters):
    """Calls the same method by its old URL."""
    url = "http://%s/appserver/rest/%s?%s" % (HOST, name.replace(".", "/"), urllib.parse.urlencode(parameters))
    request = urllib.request.Request(url)
    who = base64.b64encode((LOGIN + ":" + PASSWORD).encode()).decode()
    request.add_header("Authorization", "Basic " + who)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as err:
        return json.load(err)


def same(name, /, **parameters):
    """Checks that both transports read the same."""
    read, old = result(name, *parameters.values()), rest(name, **parameters)["result"]
    assert read == old, (name, read, old)
    return read


def fails(code, text, run):
    try:
        answer = run()
    except xmlrpc.client.Fault as fault:
        assert (fault.faultCode, fault.faultString) == (code, text), fault
        return
    raise AssertionError("no fault: %r" % (answer,))


def documents(service, parameter, guid):
    for method in ("getYAML", "getXML", "getXMLSchema"):
        assert same(service + "." + method, **{parameter: guid})
    assert base64.b64decode(same(service + ".getObject", rootobjectguid=guid))


def customers():
    service = "cloud_api_customer"
    name = "Zoë & <Söhne> \"7\" \u57c3\n\ttab"
    guid = changed(service + ".create", name, "", "line 1\nline 2", "", "", "")
    assert same(service + ".list", customerguid=guid)[0]["name"] == name
    assert same(service + ".find", name="Zoë &", status="", resourcegroupguid="") == [guid]
    assert result(service + ".find", '"Zoë', "", "") == []
    changed(service + ".updateModelProperties", guid, "", "", "Street 1", "", "", None)
    changed(service + ".setStatus", guid, "DISABLED")
    large = 2 ** 40
    # The client cannot send an int of this size; it reads one.
    changed(service + ".addCapacityAvailable", guid, str(large), "CU", "", "")
    read = same(service + ".listCapacity", customerguid=guid)
    assert large in [v for units in flat(read) for v in units.values()], read
    documents(service, "customerguid", guid)
    same(service + ".listStatuses")
    same("cloud_api_capacityplanning.listCapacityUnitTypes")
    return guid


def flat(value):
    """The structs in a value."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from flat(item)


def users():
    service, groups = "cloud_api_clouduser", "cloud_api_cloudusergroup"
    # A text that looks like a number, or like JSON, stays as it is.
    guid = changed(service + ".create", "12345", '"a long password"', "", "", "", "", "", False)
    proxy("12345", '"a long password"').cloud_api_cmc.checkCredentials()
    same(service + ".list", clouduserguid=guid)
    same(service + ".listStatuses")
    changed(service + ".setAdminFlag", guid, True)
    changed(service + ".setAdminFlag", guid, False)
    changed(service + ".updatePassword", guid, '"a long password"', "another password")
    group, member = changed(groups + ".create", "group", ""), changed(groups + ".create", "member", "")
    assert changed(groups + ".addUser", group, guid) is True
    changed(groups + ".addGroup", group, member)
    same(groups + ".listUsers", cloudusergroupguid=group)
    same(groups + ".listGroups", cloudusergroupguid=group)
    same(groups + ".list", customerguid="", cloudusergroupguid="")
    same(service + ".listGroups", clouduserguid=guid)
    same(service + ".listJobs", clouduserguid=guid)
    documents(service, "clouduserguid", guid)
    documents(groups, "cloudusergroupguid", group)
    fails(8002, "User already in group", lambda: call(groups + ".addUser", group, guid))
    fails(9001, "Authorization failed", lambda: proxy("12345", "another password").cloud_api_customer.create("x"))
    changed(service + ".delete", guid)


def spaces(customer):
    service = "cloud_api_cloudspace"
    guid = changed(service + ".create", customer, "space", "", "")
    same(service + ".list", customerguid=customer, cloudspaceguid="")
    changed(service + ".setStatus", guid, "DISABLED")
    same(service + ".find", customerguid="", parentcloudspaceguid="", name="spa", status="DISABLED")
    documents(service, "cloudspaceguid", guid)
    changed(service + ".delete", guid)


def jobs():
    service = "cloud_api_job"
    found = same(service + ".find", actionname="cloudspace.create", agentguid="", machineguid="", applicationguid="",
                 datacenterguid="", fromTime="", toTime="", clouduserguid="")
    assert len(found) == 1, found
    guid = found[0]["jobguid"]
    since = xmlrpc.client.DateTime(datetime.datetime(2999, 1, 1))
    assert result(service + ".find", "", "", "", "", "", since, "", "") == []
    same(service + ".findLatestJobs", maxrows=3, errorsonly="true")
    assert same(service + ".getJobTree", rootobjectguid=guid)[0]["guid"] == guid
    same(service + ".getObject", rootobjectguid=guid)
    same(service + ".getYAML", yamljobguid=guid)
    # jobguid is the job here, and comes first as it is the only parameter.
    assert SERVER.cloud_api_job.getXML(guid, {})["result"] == rest(service + ".getXML", jobguid=guid)["result"]


def faults():
    assert SERVER.cloud_api_cmc.checkCredentials() is True
    CALLED.add("cloud_api_cmc")
    fails(8000, "Service not found", lambda: SERVER.cloud_api_none.find())
    fails(8001, "Method not found", lambda: SERVER.cloud_api_customer.none())
    fails(8001, "Method not found", lambda: SERVER.find())
    fails(9000, "Authentication required", lambda: proxy(LOGIN, "wrong").cloud_api_cmc.checkCredentials())
    for name, parameter, given, *others in (("cloud_api_customer.getYAML", "customerguid", "x"),
                                           ("cloud_api_customer.create", "name", "", "", "", "", "", ""),
                                           ("cloud_api_customer.getYAML", "customerguid", "0" * 8 + "-0000-0000-0000-" + "0" * 12)):
        fails(8002, rest(name, **{parameter: given})["exception"], lambda: call(name, given, *others))


def main():
    users()
    spaces(customers())
    jobs()
    faults()
    offered = {name.split(".")[0] for name in SERVER.system.listMethods()} - {"system"}
    assert CALLED == offered, offered - CALLED
    for name in SERVER.system.listMethods():
        if not name.startswith("system."):
            parameters = SERVER.system.methodHelp(name).split(")")[0].split("(")[1].split(", ")
            assert parameters[-2:] == ["jobguid", "executionparams"], (name, parameters)


main()
