"""What is the reseller's for all its domains: its brand and the device types; and as whom a token acts."""

from schemas.accounts import Brand
from services.portal.api import given, told
from services.portal.api.describing import addresses
from services.portal.api.doors import Office, Reseller
from services.portal.api.problems import done
from services.portal.inventory.actors import NotThere

router = addresses("reseller")


@router.get("/me", operation_id="whoAmI")
async def me(caller: Office) -> told.Me:
    """As whom the token acts, and until when."""
    person, token = caller.person, caller.token
    return told.Me(
        name=person.name,
        email=person.email,
        role=person.role,
        reseller=person.reseller,
        domain=person.domain,
        token=token.name,
        expires_at=token.expires_at,
    )


@router.get("/brand", operation_id="getBrand")
async def brand(caller: Office) -> Brand:
    """The face that customers see."""
    found = await caller.inventory.lists.brand(caller.actor.reseller)
    if found is None:
        raise NotThere("brand")
    return found


@router.put("/brand", operation_id="setBrand")
async def set_brand(caller: Reseller, wanted: given.BrandFields) -> Brand:
    """All fields of it anew; every fax account follows."""
    return done(await caller.inventory.brands.set(caller.actor, wanted.model_dump()))


@router.get("/device-types", operation_id="listDeviceTypes")
async def device_types(caller: Office) -> told.DeviceTypes:
    """What an ATA may be: what comes with the portal, and the reseller's own."""
    return told.DeviceTypes(device_types=list((await caller.inventory.device_types.listed(caller.actor)).all))


@router.post("/device-types", status_code=201, operation_id="addDeviceType")
async def add_device_type(caller: Reseller, wanted: given.NewDeviceType) -> told.DeviceTypes:
    """Another one of the reseller's own; the list as it is then."""
    done(await caller.inventory.device_types.add(caller.actor, wanted.device_type))
    return await device_types(caller)
