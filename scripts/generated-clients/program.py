"""Pushes one value with the generated client: ORIGIN KEY VALUE DRY_RUN. Prints the outcome, or the status, code and places of an error."""
import sys
from types import SimpleNamespace

from openapi_client import ApiClient, Configuration, PushApi
from openapi_client.exceptions import ApiException
from openapi_client.models import DeviceRecord, Push

origin, key, value, dry_run = sys.argv[1:]
client = ApiClient(Configuration(host=origin, api_key={"X-API-Key": key}))
record = DeviceRecord(device_id="meter-7", record_time="2021-09-08 18:40:00", data={"Ua": value})
try:
    answer = PushApi(client).push_device_data(Push(device_type="1", devices=[record]), x_dry_run=dry_run == "true")
    print(answer.data)
except ApiException as error:
    answer = client.deserialize(SimpleNamespace(data=error.body), "ErrorAnswer")
    print(error.status, answer.code, *[fault.path for fault in answer.errors or []])
