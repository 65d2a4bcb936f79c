"""The connection's prices, and the estimated cost of a request before it is sent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.pricing import Cost, Prices, cost_of, quantities_of, read_limit, refuse_above
from airflow_provider_seedance.api.validation import for_vendor
from airflow_provider_seedance.hooks.seedance import SeedanceHook

if TYPE_CHECKING:
    from airflow_provider_seedance.api.models import VideoRequest

log = logging.getLogger(__name__)


def prices_on(hook: SeedanceHook) -> Prices:
    """The prices of a connection, by model; empty if it has none.

    :param hook: the hook of the connection.
    :raises SeedanceConfigError: the prices in the connection's extras are invalid.
    """
    return hook.connection.prices


def check_cost(hook: SeedanceHook, request: VideoRequest, max_cost: float | str | None) -> Cost:
    """Estimates the cost of a request, logs it, and compares it with the limit.

    The estimate comes from the connection's prices. If they don't give one and there is a limit, a vendor that quotes
    prices is asked for one.

    :param hook: the hook of the connection, whose adapter makes the body that is really sent.
    :param request: the request to be sent.
    :param max_cost: the most that the video may cost, in the currency of the prices; `None` for no limit.
    :return: the estimate; without an amount if the cost can't be estimated.
    :raises MaxCostError: the video would cost more, or its cost is unknown.
    :raises InvalidRequestError: the limit is no amount of money.
    """
    limit = read_limit(max_cost)
    try:
        client = hook.get_conn()
        prices = prices_on(hook)
        estimate = cost_of(prices, quantities_of(client.adapter.billed(for_vendor(request, client.adapter))))
        asks = limit is not None and estimate.amount is None and client.adapter.descriptor.quotes_prices
        if asks:
            estimate = client.quote_video(request)
        if prices or asks:
            log.info("Estimated cost: %s.", estimate)
    except Exception as error:
        estimate = Cost(None, None, str(error).rstrip("."))
        log.warning("There is no estimate of the cost: %s", error)
    if limit is not None:
        refuse_above(limit, estimate)
    return estimate
