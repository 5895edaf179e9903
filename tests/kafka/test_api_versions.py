from labkit.kafka.api_versions import apis


def test_keys_ascend_and_ranges_are_ranges():
    keys = [api.key for api in apis()]
    assert keys == sorted(set(keys))
    assert all(0 <= api.min <= api.max for api in apis())


def test_a_3_9_broker_in_kraft_mode():
    offered = {api.name: (api.min, api.max) for api in apis() if api.offered}
    assert offered["Produce"] == (0, 11)
    assert offered["Fetch"] == (0, 17)
    assert offered["Metadata"] == (0, 12)
    assert offered["ApiVersions"] == (0, 4)
    assert len(offered) == 61  # as the tool of a released 3.9.0 prints them
    assert not {"LeaderAndIsr", "ShareFetch", "GetTelemetrySubscriptions"} & offered.keys()
